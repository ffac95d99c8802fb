//go:build chart

package render

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const gateway, registry = "bank-dcr-gateway-gateway", "bank-dcr-gateway-registry"

// podSpecs are the paths of pod specifications, by kind.
var podSpecs = map[string]string{"Pod": "spec", "Deployment": "spec.template.spec", "StatefulSet": "spec.template.spec", "Job": "spec.template.spec"}

// examples are the files in ci, each with what must be there when it is installed; "" is no file at all.
func examples(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(chart + "/ci/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	return append(files, "")
}

// Each example is linted strictly, and all its pods are restricted: the policy that a namespace may enforce.
func TestExamplesAreRestricted(t *testing.T) {
	t.Parallel()
	for _, file := range examples(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, helm string) {
				var args []string
				if file != "" {
					args = []string{"--values", file}
				}
				if stdout, stderr, err := run(t, helm, append([]string{"lint", "--strict", chart, "--kube-version", kubeVersion}, args...)...); err != nil {
					t.Errorf("%v\n%s%s", err, stdout, stderr)
				}
				all := template(t, helm, append(args, "--is-upgrade", "--api-versions", "cert-manager.io/v1")...)
				pods := 0
				for key, o := range all {
					path, ok := podSpecs[o.text("kind")]
					if !ok {
						continue
					}
					pods++
					restricted(t, key, o, path)
				}
				if pods < 4 {
					t.Errorf("%d pods: the test shows nothing", pods)
				}
			})
		})
	}
}

func restricted(t *testing.T, key string, o object, path string) {
	t.Helper()
	spec := object(o.get(path).(map[string]any))
	if spec.get("securityContext.runAsNonRoot") != true || spec.text("securityContext.seccompProfile.type") != "RuntimeDefault" ||
		spec.get("securityContext.appArmorProfile") != nil || spec.get("securityContext.fsGroup") == nil {
		t.Errorf("%s: security context %v", key, spec.get("securityContext"))
	}
	if token := spec.get("automountServiceAccountToken"); token != strings.HasSuffix(key, "-refresh") {
		t.Errorf("%s: automountServiceAccountToken %v", key, token)
	}
	if account := spec.text("serviceAccountName"); account == "" || account == "default" {
		t.Errorf("%s: serviceAccountName %q", key, account)
	}
	containers, _ := spec.get("containers").([]any)
	more, _ := spec.get("initContainers").([]any)
	for _, c := range append(containers, more...) {
		container := object(c.(map[string]any))
		if container.get("securityContext.allowPrivilegeEscalation") != false || container.get("securityContext.readOnlyRootFilesystem") != true ||
			!slices.Equal(container.list("securityContext.capabilities.drop"), []string{"ALL"}) {
			t.Errorf("%s, %s: security context %v", key, container.text("name"), container.get("securityContext"))
		}
		if container.get("resources.requests.cpu") == nil || container.get("resources.limits.memory") == nil {
			t.Errorf("%s, %s: resources %v", key, container.text("name"), container.get("resources"))
		}
		mounts, _ := container.get("volumeMounts").([]any)
		for _, m := range mounts {
			if object(m.(map[string]any)).get("subPath") != nil {
				t.Errorf("%s, %s: a subPath never changes", key, container.text("name"))
			}
		}
	}
}

// The default is a trial that says so, and is whole.
func TestTrial(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, helm string) {
		all := template(t, helm)
		redis := all.the(t, "StatefulSet", "bank-dcr-gateway-redis")
		if why := redis.text("metadata.annotations.dcr-gateway/trial"); !strings.Contains(why, "for a trial only") {
			t.Errorf("the trial's Redis says %q", why)
		}
		config := all.the(t, "ConfigMap", "bank-dcr-gateway-config")
		for _, key := range []string{"routes.yaml", "directories.trial.yaml", "ca.trial.crt"} {
			if config.text("data."+strings.ReplaceAll(key, ".", "~")) == "" {
				t.Errorf("the configuration has no %s", key)
			}
		}
		job := all.the(t, "Job", "bank-dcr-gateway-init")
		if hook := job.text("metadata.annotations.helm~sh/hook"); hook != "" {
			t.Errorf("init is the hook %q, before the trial's Redis is there", hook)
		}
	})
}

// An installation begins once: with an external Redis before the install, and never in an upgrade.
func TestInit(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, helm string) {
		set := []string{"--set", "redis.embedded=false,redis.url=rediss://gateway@redis.bank.example:6379/0,redis.passwordSecret.name=p,redis.ca.secret=c"}
		job := template(t, helm, set...).the(t, "Job", "bank-dcr-gateway-init")
		if hook := job.text("metadata.annotations.helm~sh/hook"); hook != "pre-install" {
			t.Errorf("init is the hook %q", hook)
		}
		url := job.text("spec.template.spec.containers[init].env[DCR_REDIS_URL].value")
		if want := "rediss://gateway@redis.bank.example:6379/0?password_file=/etc/dcr-gateway/redis/password&ca_file=/etc/dcr-gateway/redis/ca.crt"; url != want {
			t.Errorf("have %s, want %s", url, want)
		}
		for _, more := range [][]string{{}, set} {
			if _, there := template(t, helm, append(more, "--is-upgrade")...)["Job bank-dcr-gateway-init"]; there {
				t.Error("an upgrade begins an installation")
			}
		}
	})
}

// Envoy goes first, the gate last, and the pod has time for both.
func TestOrderOfTheEnd(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, helm string) {
		all := template(t, helm, "--set", "gateway.preStopSleepSeconds=7,gateway.drainSeconds=11,registry.preStopSleepSeconds=9")
		spec := object(all.the(t, "Deployment", gateway).get("spec.template.spec").(map[string]any))
		if spec.text("initContainers[gate].restartPolicy") != "Always" {
			t.Error("the gate is no native sidecar")
		}
		containers, _ := spec.get("initContainers").([]any)
		if first := object(containers[0].(map[string]any)).text("name"); first != "edge-files" {
			t.Errorf("%s starts first", first)
		}
		for path, want := range map[string]string{
			"initContainers[gate].env[GOMEMLIMIT].value": "228170137", "terminationGracePeriodSeconds": "35", "containers[envoy].lifecycle.preStop.sleep.seconds": "7",
		} {
			if have := shown(spec.get(path)); have != want {
				t.Errorf("%s: have %s, want %s", path, have, want)
			}
		}
		if command := spec.list("containers[envoy].command"); !slices.Contains(command, "--drain=11s") {
			t.Errorf("envoy: %q", command)
		}
		if args := spec.list("initContainers[gate].args"); !slices.Contains(args, "--linger=26s") {
			t.Errorf("gate: %q", args)
		}
		other := object(all.the(t, "Deployment", registry).get("spec.template.spec").(map[string]any))
		if have := shown(other.get("terminationGracePeriodSeconds")); have != "24" {
			t.Errorf("registry: have %s", have)
		}
	})
}

// Dead is not the same as not ready.
func TestProbes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, helm string) {
		all := template(t, helm)
		for container, of := range map[string]object{
			"initContainers[gate]": all.the(t, "Deployment", gateway), "containers[envoy]": all.the(t, "Deployment", gateway), "containers[registry]": all.the(t, "Deployment", registry),
		} {
			for probe, path := range map[string]string{"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"} {
				if have := of.text("spec.template.spec." + container + "." + probe + ".httpGet.path"); have != path {
					t.Errorf("%s: %s asks %q", container, probe, have)
				}
			}
		}
	})
}

// A change of the configuration restarts nothing: the pods are the same, whatever the files say.
func TestFilesDoNotRestartPods(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, helm string) {
		before := template(t, helm, "--set", "config.directories.uk\\.yaml=a,config.profiles.own\\.yaml=b,config.ca.x\\.pem=c")
		after := template(t, helm, "--set", "config.directories.uk\\.yaml=d,config.profiles.own\\.yaml=e,config.ca.x\\.pem=f")
		for _, name := range []string{gateway, registry} {
			one, other := before.the(t, "Deployment", name), after.the(t, "Deployment", name)
			if shown(one.get("spec.template")) != shown(other.get("spec.template")) {
				t.Errorf("%s differs", name)
			}
		}
		files := mounted(before.the(t, "Deployment", gateway))
		for _, want := range []string{
			"ca/trial.crt", "ca/x.pem", "directories/trial.yaml", "directories/uk.yaml", "profiles/own.yaml", "redis/password",
			"registry/ca.crt", "registry/tls.crt", "registry/tls.key", "routes.yaml", "tls/server.crt", "tls/server.key",
		} {
			if !slices.Contains(files, want) {
				t.Errorf("%s is not in the volume: %q", want, files)
			}
		}
	})
}

// mounted are the files of a Deployment's configuration.
func mounted(o object) []string {
	var files []string
	sources, _ := o.get("spec.template.spec.volumes[config].projected.sources").([]any)
	for _, s := range sources {
		for kind := range maps.Keys(s.(map[string]any)) {
			items, _ := object(s.(map[string]any)).get(kind + ".items").([]any)
			for _, item := range items {
				files = append(files, object(item.(map[string]any)).text("path"))
			}
		}
	}
	return files
}

// The registry has its own key and the secrets that are for it, and neither Envoy's key nor the configuration.
func TestRegistryHasOnlyItsFiles(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, helm string) {
		all := template(t, helm, "--values", chart+"/ci/bank.yaml")
		want := []string{"redis/ca.crt", "redis/password", "registry/ca.crt", "registry/tls.crt", "registry/tls.key", "secrets/token.key"}
		if files := slices.Sorted(slices.Values(mounted(all.the(t, "Deployment", "bank-registry")))); !slices.Equal(files, want) {
			t.Errorf("have %q, want %q", files, want)
		}
		own := all.the(t, "Deployment", "bank-registry").get("spec.template.spec.volumes[config].projected.sources")
		if text := shown(own); !strings.Contains(text, "bank-registry-server") || strings.Contains(text, "bank-registry-client") {
			t.Errorf("the registry's volume is %s", text)
		}
	})
}

// The bank's example has what it asks for.
func TestBank(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, helm string) {
		all := template(t, helm, "--values", chart+"/ci/bank.yaml")
		for _, key := range []string{
			"HorizontalPodAutoscaler bank-gateway", "HorizontalPodAutoscaler bank-registry", "PodDisruptionBudget bank-gateway", "PodDisruptionBudget bank-registry",
			"NetworkPolicy bank-gateway", "NetworkPolicy bank-registry", "PodMonitor bank-gateway", "PodMonitor bank-registry",
		} {
			if _, there := all[key]; !there {
				t.Errorf("there is no %s", key)
			}
		}
		for key := range all {
			if strings.Contains(key, "redis") || strings.HasPrefix(key, "Secret ") && key != "Secret bank-validate" {
				t.Errorf("%s is there", key)
			}
		}
		if replicas := all.the(t, "Deployment", "bank-gateway").get("spec.replicas"); replicas != nil {
			t.Errorf("the chart says %v replicas, and an autoscaler does too", replicas)
		}
		policy := shown(all.the(t, "NetworkPolicy", "bank-registry").get("spec.ingress"))
		if !strings.Contains(policy, "app.kubernetes.io/component:gateway") {
			t.Errorf("the registry lets in %s", policy)
		}
	})
}

// Nothing but the Job that refreshes files has rights, and only to list and patch pods.
func TestRights(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, helm string) {
		for _, file := range []string{"bank.yaml", "extras.yaml"} {
			for key, o := range template(t, helm, "--is-upgrade", "--values", chart+"/ci/"+file) {
				kind := o.text("kind")
				if !strings.Contains(kind, "Role") {
					continue
				}
				if kind == "Role" && key == "Role extras-refresh" {
					if rules := shown(o.get("rules")); rules != "[map[apiGroups:[] resources:[pods] verbs:[list patch]]]" {
						t.Errorf("%s: %s", key, rules)
					}
				} else if kind != "RoleBinding" || key != "RoleBinding extras-refresh" {
					t.Errorf("%s: %s is there", file, key)
				}
			}
		}
	})
}

// Two releases in one namespace share no name and no selector.
func TestTwoReleases(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, helm string) {
		one := template(t, helm)
		stdout, stderr, err := run(t, helm, append([]string{"template", "other"}, templateArgs(nil)[2:]...)...)
		if err != nil {
			t.Fatal(stderr)
		}
		for key := range one {
			kind, name, _ := strings.Cut(key, " ")
			if strings.Contains(stdout, "kind: "+kind+"\nmetadata:\n  name: "+name+"\n") {
				t.Errorf("both have %s", key)
			}
		}
	})
}

// The Job that validates has the new files, and also checks the NetworkPolicies where there are any.
func TestValidation(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, helm string) {
		for _, c := range []struct {
			name string
			args []string
			want map[string]string // the arguments of each container
		}{
			{"a trial", nil, map[string]string{"validate": "routes validate --envoy=none /etc/dcr-gateway/routes.yaml"}},
			{"a bank's first install", []string{"--values", chart + "/ci/bank.yaml"}, map[string]string{
				"validate": "routes validate --envoy=none /etc/dcr-gateway/routes.yaml",
				"egress":   "egress /etc/dcr-gateway/routes.yaml --check=/etc/dcr-gateway/network-policy/egress.yaml",
			}},
			{"a bank's upgrade", []string{"--values", chart + "/ci/bank.yaml", "--is-upgrade", "--set", "networkPolicy.redisNodes={r1:6379}"}, map[string]string{
				"validate": "routes validate --envoy=none /etc/dcr-gateway/routes.yaml --redis=$(DCR_REDIS_URL)",
				"egress":   "egress /etc/dcr-gateway/routes.yaml --check=/etc/dcr-gateway/network-policy/egress.yaml --redis-node=r1:6379",
			}},
		} {
			all := template(t, helm, c.args...)
			name := "bank-validate"
			if c.args == nil {
				name = "bank-dcr-gateway-validate"
			}
			job := all.the(t, "Job", name)
			if hook := job.text("metadata.annotations.helm~sh/hook"); hook != "pre-install,pre-upgrade" {
				t.Errorf("%s: the hook %q", c.name, hook)
			}
			have := map[string]string{}
			containers, _ := job.get("spec.template.spec.containers").([]any)
			for _, container := range containers {
				o := object(container.(map[string]any))
				have[o.text("name")] = strings.Join(o.list("args"), " ")
			}
			if !maps.Equal(have, c.want) {
				t.Errorf("%s: have %q, want %q", c.name, have, c.want)
			}
			files := all.the(t, "ConfigMap", name)
			for _, key := range []string{"routes.yaml", "egress.yaml"} {
				if files.text("data."+strings.ReplaceAll(key, ".", "~")) == "" {
					t.Errorf("%s: the Job does not have %s", c.name, key)
				}
			}
		}
	})
}
