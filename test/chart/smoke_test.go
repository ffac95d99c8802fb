//go:build chart

package chart

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// TestHelm3 installs the chart as a bank does, with Helm 3, and a client lives its life there. The other tests do it with
// Helm 4.
func TestHelm3(t *testing.T) {
	b := newBank(t, "helm3", "helm3", chartDir)
	b.walk(t)
	b.tested(t)
	b.upgrade(t)
	b.walk(t)
	b.uninstall(t)
	wantNothingLeft(t, b.namespace)
}

// trial are helm's arguments for the images of these tests, and for requests that let all installations stand side by side.
func trial() []string {
	all := []string{
		"--set", "image.repository=" + images.Product.Repository(), "--set-string", "image.tag=" + images.Product.Tag(),
	}
	for at, name := range map[string]imageName{"gateway.envoy.image": images.Envoy, "redis.trial.image": images.Redis, "jobs.refresh.image": images.Kubectl} {
		all = append(all, "--set", at+".registry=", "--set", at+".repository="+name.Repository(), "--set-string", at+".tag="+name.Tag())
	}
	for _, part := range []string{"gateway.gate", "gateway.envoy", "registry"} {
		all = append(all, "--set", part+".resources.requests.cpu=20m")
	}
	return all
}

// TestInstall installs the chart with its defaults, and with each of the files of values that show how it is used.
func TestInstall(t *testing.T) {
	o := theWorld(t)
	apply(t, fill(t, "crds.yaml", []struct{ Group, Kind, Plural, Singular string }{
		{"monitoring.coreos.com", "PodMonitor", "podmonitors", "podmonitor"},
		{"monitoring.coreos.com", "PrometheusRule", "prometheusrules", "prometheusrule"},
		{"cert-manager.io", "Certificate", "certificates", "certificate"},
		{"cert-manager.io", "Issuer", "issuers", "issuer"},
	}))
	files, err := filepath.Glob(filepath.Join(chartDir, "ci", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the chart has no ci/*.yaml (%v)", err)
	}
	for _, values := range append(files, "") {
		name := "defaults"
		if values != "" {
			name = strings.TrimSuffix(filepath.Base(values), ".yaml")
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := newNamespace(t, "install-"+name)
			needed := o.needs(t, name, namespace)
			arguments := trial()
			if values != "" {
				arguments = append([]string{"--values", values}, arguments...)
			}
			arguments = append(arguments, needed...)
			wantStrict(t, namespace, arguments)
			balance(t, namespace)
			r := install(t, "helm", "ci", namespace, chartDir, arguments...)
			r.tested(t)
			r.uninstall(t)
			wantNothingLeft(t, namespace)
		})
	}
}

// needs makes what a file of values says that it needs, and returns what is different here.
func (o *outside) needs(t *testing.T, name, namespace string) []string {
	t.Helper()
	switch name {
	case "bank":
		o.certify(t, namespace, "bank-server", "auth.bank.example", "api.bank.example")
		o.certify(t, namespace, "bank-registry-client", "bank-gateway")
		o.certify(t, namespace, "bank-registry-server", "bank-registry")
		o.certify(t, namespace, "redis-tls", "redis-tls")
		makeSecret(t, namespace, "bank-redis", map[string]string{"password": "secret", "ca.crt": o.caPEM()})
		key, err := tokenKey()
		if err != nil {
			t.Fatal(err)
		}
		makeSecret(t, namespace, "bank-token-keys", map[string]string{"token.key": key})
		applyIn(t, namespace, fill(t, "redis-tls.yaml", map[string]any{"Image": images.Redis}))
		kubectl(t, "wait", "-n", namespace, "--for=condition=Ready", "pod/redis-tls", "--timeout="+patience.String())
		return []string{
			"--set", "redis.url=rediss://gateway@redis-tls:6379/0", "--set", "test.ca.secret=bank-server", "--set-json", "networkPolicy.dns=[]",
			"--set-json", `networkPolicy.egress={"gateway": [{"to": [{"podSelector": {"matchLabels": {"app": "redis-tls"}}}]}], "registry": [{"to": [{"podSelector": {"matchLabels": {"app": "redis-tls"}}}]}]}`,
		}
	case "cert-manager": // which is not here to make them
		o.certify(t, namespace, "ci-dcr-gateway-tls-server", "api.bank.example", "auth.bank.example", "ci-dcr-gateway-tls."+namespace+".svc")
		o.certify(t, namespace, "ci-dcr-gateway-registry-client", "ci-dcr-gateway-gateway")
		o.certify(t, namespace, "ci-dcr-gateway-registry-server", "ci-dcr-gateway-registry")
		return []string{"--set", "test.ca.secret=ci-dcr-gateway-tls-server"}
	}
	return nil
}

// tokenKey is a key that signs access tokens, in PEM.
func tokenKey() (string, error) {
	keys, err := pki.RSA(1) // PS256 needs it
	if err != nil {
		return "", err
	}
	text, err := pki.EncodeKey(keys[0])
	return string(text), err
}

// wantStrict has the API server read all that the chart makes, with every field that it does not know an error. The Pod of
// helm test is not asked for, as it has an account that is not there yet.
func wantStrict(t *testing.T, namespace string, values []string) {
	t.Helper()
	text, err := run("", "helm", append([]string{"template", "ci", chartDir, "-n", namespace, "--skip-tests"}, values...)...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run(text, "kubectl", "create", "--dry-run=server", "--validate=strict", "-n", namespace, "-f", "-"); err != nil {
		t.Error(err)
	}
}

// balance gives each Service of type LoadBalancer of a namespace an address, as a cloud does.
func balance(t *testing.T, namespace string) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	t.Cleanup(func() { cancel(); <-ended })
	go func() {
		defer close(ended)
		given := map[string]bool{}
		for ctx.Err() == nil {
			found, _ := run("", "kubectl", "get", "services", "-n", namespace, "-o", `jsonpath={range .items[?(@.spec.type=="LoadBalancer")]}{.metadata.name} {end}`)
			for _, name := range strings.Fields(found) {
				if !given[name] {
					_, err := run("", "kubectl", "patch", "service", name, "-n", namespace, "--subresource=status", "--type=merge",
						"-p", fmt.Sprintf(`{"status": {"loadBalancer": {"ingress": [{"ip": "10.89.0.%d"}]}}}`, 200+len(given)))
					given[name] = err == nil
				}
			}
			select {
			case <-ctx.Done():
			case <-time.After(500 * time.Millisecond):
			}
		}
	}()
}

// kept is what a namespace has by itself, and what these tests put there.
var kept = []string{
	"configmap/kube-root-ca.crt", "serviceaccount/default", "secret/bank-server", "secret/bank-redis", "secret/bank-registry-client",
	"secret/bank-registry-server", "secret/bank-token-keys", "secret/redis-tls", "pod/redis-tls", "service/redis-tls", "endpoints/redis-tls",
	"secret/ci-dcr-gateway-tls-server", "secret/ci-dcr-gateway-registry-client", "secret/ci-dcr-gateway-registry-server",
}

// wantNothingLeft checks that no object is left in a namespace, of any kind that there is.
func wantNothingLeft(t *testing.T, namespace string) {
	t.Helper()
	kinds := strings.Fields(kubectl(t, "api-resources", "--namespaced", "--verbs=list", "-o", "name"))
	eventually(t, "nothing is left in "+namespace, func() error { return left(t, namespace, kinds) })
}

// left says which objects are in a namespace, apart from events and from those that are kept.
func left(tb testing.TB, namespace string, kinds []string) error {
	tb.Helper()
	kinds = slices.DeleteFunc(slices.Clone(kinds), func(kind string) bool { return strings.HasPrefix(kind, "events") })
	var strange []string
	for _, name := range strings.Fields(kubectl(tb, "get", strings.Join(kinds, ","), "-n", namespace, "-o", "name")) {
		if !slices.Contains(kept, name) && !strings.HasPrefix(name, "endpointslice.discovery.k8s.io/redis-tls-") {
			strange = append(strange, name)
		}
	}
	if strange != nil {
		return fmt.Errorf("left: %s", strings.Join(strange, " "))
	}
	return nil
}

// TestMissingSecret: what is not in the cluster is refused before anything is made, with what to do.
func TestMissingSecret(t *testing.T) {
	namespace := newNamespace(t, "missing")
	for _, test := range []struct {
		name, want string
		secret     map[string]string
	}{
		{"no Secret", "Secret absent, which tls.certificates.server.secretName names, is not in the namespace missing", nil},
		{"no key in it", "has no key tls.key", map[string]string{"tls.crt": "-"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.secret != nil {
				makeSecret(t, namespace, "absent", test.secret)
			}
			r := &release{name: "ci", namespace: namespace, helm: "helm", chart: chartDir, values: trial()}
			_, err := r.helmed("install", "--set", "tls.certificates.server.source=secret", "--set", "tls.certificates.server.secretName=absent")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("helm says %v, want %q", err, test.want)
			}
		})
	}
}
