//go:build chart

package render

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const aDigest = "sha256:0123456789012345678901234567890123456789012345678901234567890123"

// routesWith is a routes.yaml that the chart takes, with a text in place of another.
func routesWith(t *testing.T, replace ...string) string {
	t.Helper()
	text := strings.NewReplacer(replace...).Replace(`issuer: https://bank.example
listeners:
  mtls: {address: "0.0.0.0:8443", client_certificate: required}
  tls: {address: "0.0.0.0:8444", client_certificate: none}
upstreams:
  registry: {address: "bank-dcr-gateway-registry:8443"}
`)
	file := filepath.Join(t.TempDir(), "routes.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// external is a Redis of the bank's.
const external = "redis.embedded=false,redis.url=rediss://gateway@redis.bank.example:6379/0,"

// senseless are values that no installation can work with, and what helm says.
var senseless = []struct{ name, set, says string }{
	// What the schema finds.
	{"an unknown key", "redsi.url=x", "additional properties 'redsi' not allowed"},
	{"an unknown key deep down", "gateway.envoy.image.tga=x", "at '/gateway/envoy/image': additional properties 'tga' not allowed"},
	{"an unknown key of a Service that is added", "services.third.prot=1", "at '/services/third': additional properties 'prot' not allowed"},
	{"text for a number", "gateway.replicas=many", "at '/gateway/replicas': got string, want integer"},
	{"text for a switch", "redis.embedded=maybe", "at '/redis/embedded': got string, want boolean"},
	{"a number of pods below zero", "registry.replicas=-1", "at '/registry/replicas': minimum: got -1, want 0"},
	{"an unknown level of logging", "logLevel=verbose", "at '/logLevel': value must be one of 'debug', 'info', 'warn', 'error'"},
	{"an unknown type of a Service", "services.tls.type=Ingress", "at '/services/tls/type': value must be one of 'ClusterIP', 'NodePort', 'LoadBalancer'"},
	{"a port beyond all ports", "services.tls.port=70000", "at '/services/tls/port': maximum: got 70,000, want 65,535"},
	{"a digest that is none", "image.digest=latest", "at '/image/digest': 'latest' does not match pattern '^(sha256:[0-9a-f]{64})?$'"},
	{"a path that leaves the folder of files", "config.existing[0].secret=s,config.existing[0].items.k=/etc/passwd", "does not match pattern"},
	{"a Redis of another kind", "redis.embedded=false,redis.url=http://redis", "at '/redis/url': 'http://redis' does not match pattern"},
	{"a threshold that is no number", "monitoring.prometheusRule.alerts.DcrRedisSlow.threshold=high", "/monitoring/prometheusRule/alerts/DcrRedisSlow/threshold"},
	{"a share of traces above one", "tracing.ratio=2", "at '/tracing/ratio': maximum: got 2, want 1"},

	// Redis.
	{"two Redis", "redis.url=redis://redis.bank.example:6379", "redis.embedded starts a Redis for a trial, and redis.url or redis.urlSecret names another: set redis.embedded=false to use yours"},
	{"no Redis", "redis.embedded=false", "no Redis is named: set redis.url or redis.urlSecret.name, or redis.embedded=true for a trial"},
	{"a URL twice", external + "redis.urlSecret.name=s", "redis.url and redis.urlSecret name two URLs: give one of them"},
	{"more than a trial's settings", "redis.ca.secret=ca", "redis.embedded is a trial's Redis, which makes its own password and has no TLS: set redis.embedded=false"},
	{"a trial's volume without a trial", external + "redis.trial.persistence.enabled=true", "redis.trial.persistence is for the trial's Redis, which redis.embedded=false leaves out: remove it"},
	{"a password in the values", "redis.embedded=false,redis.url=redis://u:secret@h:6379", "redis.url holds a password, which the release and every process list would show: put the password into a Secret and name it in redis.passwordSecret"},
	{"a CA without TLS", "redis.embedded=false,redis.url=redis://h:6379,redis.ca.secret=ca", "redis.ca and redis.clientCertificateSecret are for TLS, and redis.url is without: write rediss:// for redis://"},
	{"two CAs", external + "redis.ca.secret=a,redis.ca.configMap=b", "redis.ca names a Secret and a ConfigMap: give one of them"},

	// Certificates.
	{"a Secret that is not named", "tls.certificates.server.source=secret", "tls.certificates.server.source is secret: name it in tls.certificates.server.secretName"},
	{"a Secret that is not used", "tls.certificates.server.secretName=s", "tls.certificates.server.secretName and tls.certificates.server.source=generated contradict each other: set tls.certificates.server.source=secret to use the Secret"},
	{"no issuer", "tls.certificates.server.source=certManager", "tls.certificates.server.source is certManager: name its issuer in tls.certificates.server.issuerRef.name"},
	{"an issuer that is not used", "tls.certificates.server.issuerRef.name=i", "set tls.certificates.server.source=certManager to use the issuer"},
	{"one Secret of two", "registry.tls.source=secret,registry.tls.clientSecretName=s", "registry.tls.source is secret: name both, registry.tls.clientSecretName for Envoy and registry.tls.serverSecretName for the registry"},
	{"one key for both sides", "registry.tls.source=secret,registry.tls.clientSecretName=s,registry.tls.serverSecretName=s", "registry.tls.clientSecretName and registry.tls.serverSecretName are one Secret: give Envoy and the registry a key each"},
	{"Secrets that are not used", "registry.tls.clientSecretName=s", "registry.tls.source=generated contradict each other: set registry.tls.source=secret to use the Secrets"},

	// Services and ports.
	{"a port below 1024", "services.mtls.containerPort=443", "services.mtls.containerPort is 443, and a process without rights cannot listen below 1024: choose a higher one, in routes.yaml too; services.mtls.port says what clients use"},
	{"the port of health", "services.tls.containerPort=9100", "services.tls.containerPort is 9100, where health and metrics are: choose another"},
	{"one port twice", "services.tls.containerPort=8443", "services.mtls and services.tls have the same containerPort 8443: each listener has its own"},
	{"a node port without one", "services.tls.nodePort=30443", "services.tls.nodePort needs services.tls.type NodePort or LoadBalancer"},
	{"a load balancer's setting without one", "services.tls.loadBalancerIP=10.0.0.1", "services.tls.loadBalancerIP needs services.tls.type LoadBalancer"},
	{"a trial without a listener", "services.tls=null", "the trial's routes.yaml needs the services mtls and tls: give your own file in config.routes, or keep both"},

	// Files.
	{"a source of files that is none", "config.existing[0].registry=false", "config.existing[0] names neither a Secret nor a ConfigMap: set secret or configMap"},
	{"a source of files that is two", "config.existing[0].secret=a,config.existing[0].configMap=b", "config.existing[0] names a Secret and a ConfigMap: make two entries of it"},
	{"a ConfigMap for the registry", "config.existing[0].configMap=a,config.existing[0].registry=true", "config.existing[0] is a ConfigMap with registry: true: the registry has no file but secrets, remove it"},
	{"a file twice", "config.ca.a\\.pem=x,config.existing[0].secret=s,config.existing[0].items.k=ca/a.pem", "ca/a.pem comes from config.ca and from config.existing[0]: keep one of them"},

	// Pods.
	{"a grace period that cuts the drain off", "gateway.terminationGracePeriodSeconds=30", "gateway.terminationGracePeriodSeconds is 30, and preStopSleepSeconds and drainSeconds need 47: leave it empty, or shorten them"},
	{"a registry's too", "registry.terminationGracePeriodSeconds=20", "registry.terminationGracePeriodSeconds is 20, and preStopSleepSeconds needs 30"},
	{"root", "podSecurityContext.runAsUser=0", "podSecurityContext runs the pods as root: keep runAsNonRoot true, and a runAsUser that is not 0"},
	{"privileges", "containerSecurityContext.privileged=true", "containerSecurityContext gives rights that nothing here needs"},
	{"a rollout that cannot begin", "gateway.strategy.rollingUpdate.maxSurge=0", "gateway.strategy.rollingUpdate neither ends a pod nor starts one: maxUnavailable or maxSurge must be above 0"},
	{"an image twice", "image.tag=v1,image.digest=" + aDigest, "image.tag and image.digest name two images: give one of them"},
	{"a label of the chart's", "commonLabels.app\\.kubernetes\\.io/name=x", "commonLabels has the label app.kubernetes.io/name, which the chart sets itself: remove it, or use nameOverride"},

	// Numbers of pods.
	{"no pods, and an autoscaler", "gateway.replicas=0,gateway.autoscaling.enabled=true", "gateway.replicas is 0, and gateway.autoscaling.enabled lets the autoscaler choose: set gateway.autoscaling.enabled=false to stop all pods"},
	{"an autoscaler down to nothing", "gateway.autoscaling.enabled=true,gateway.autoscaling.minReplicas=0", "gateway.autoscaling.minReplicas is 0, and without a pod nothing is measured: set it to 1 or more"},
	{"an autoscaler upside down", "gateway.autoscaling.enabled=true,gateway.autoscaling.maxReplicas=1", "gateway.autoscaling.maxReplicas is 1, which is less than minReplicas, 2: raise it"},
	{"an autoscaler without a measure", "registry.autoscaling.enabled=true,registry.autoscaling.targetCPUUtilizationPercentage=null", "registry.autoscaling has no metric: set targetCPUUtilizationPercentage or metrics"},
	{"a share of nothing", "gateway.autoscaling.enabled=true,gateway.envoy.resources.requests.cpu=null", "gateway.autoscaling measures CPU use in percent of the request, and gateway.envoy.resources.requests.cpu is not set: set it"},
	{"a budget that blocks every drain", "gateway.podDisruptionBudget.minAvailable=2", "gateway.podDisruptionBudget.minAvailable is 2 of 2 pods, which blocks every node drain: set less, or run more pods"},
	{"another", "registry.podDisruptionBudget.maxUnavailable=0", "registry.podDisruptionBudget.maxUnavailable is 0, which blocks every node drain: set it to 1 or more"},
	{"another of all pods", "gateway.podDisruptionBudget.minAvailable=100%", "gateway.podDisruptionBudget.minAvailable is 100%, which blocks every node drain: set less"},
	{"two budgets", "gateway.podDisruptionBudget.minAvailable=1,gateway.podDisruptionBudget.maxUnavailable=1", "gateway.podDisruptionBudget has minAvailable and maxUnavailable, which Kubernetes does not take together: give one of them"},

	// The network, traces and tests.
	{"nothing to connect to", external + "networkPolicy.enabled=true", `networkPolicy.enabled without networkPolicy.egress.gateway and networkPolicy.egress.registry cuts the pods off from Redis and from the directories: put in what "dcr-gateway egress routes.yaml --redis URL --output policy" prints`},
	{"metrics behind a wall", "networkPolicy.enabled=true,monitoring.podMonitor.enabled=true", "networkPolicy.enabled keeps Prometheus out, and monitoring.podMonitor.enabled wants it in: say in networkPolicy.monitoring where it runs"},
	{"an alert that is not there", "monitoring.prometheusRule.alerts.DcrRedisIsSlow.threshold=1", "monitoring.prometheusRule.alerts.DcrRedisIsSlow is no alert of this chart: take a name from rules/alerts.yaml"},
	{"a collector with a path", "tracing.otlp=http://otel:4317/v1/traces", "tracing.otlp must be http://HOST:PORT or https://HOST:PORT, without a path"},
	{"a collector's CA without TLS", "tracing.otlp=http://otel:4317,tracing.ca.secret=s", "tracing.ca and tracing.clientCertificateSecret are for TLS, and tracing.otlp is without: write https:// there"},
	{"a test without its material", "test.conform.enabled=true", "test.conform.enabled needs test.conform.secretName"},
}

func TestSenselessValuesAreRefused(t *testing.T) {
	t.Parallel()
	if len(senseless) < 25 {
		t.Errorf("only %d cases", len(senseless))
	}
	for _, c := range senseless {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, helm string) {
				if said := refused(t, helm, "--set", c.set); !strings.Contains(said, c.says) {
					t.Errorf("%s: helm says %s\nwant %s", c.set, said, c.says)
				}
			})
		})
	}
}

// What routes.yaml and the values must agree on.
func TestRoutesThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		replace []string
		says    string
	}{
		{"not YAML", []string{"listeners:", "listeners: ["}, "config.routes is not YAML: error converting YAML to JSON"},
		{"a listener below 1024", []string{":8443\", client", ":443\", client"}, "listener mtls of config.routes listens on port 443, which a process without rights cannot: write a port from 1024 in its address and in services.NAME.containerPort"},
		{"a listener that nobody can reach", []string{"0.0.0.0:8444", "127.0.0.1:8444"}, "listener tls of config.routes listens on 127.0.0.1:8444, which nobody outside the pod can reach: write 0.0.0.0:8444"},
		{"a Service without a listener", []string{"0.0.0.0:8444", "0.0.0.0:8445"}, "no listener of config.routes listens on port 8444, where services.tls sends its traffic: write tls's port into services.tls.containerPort, or services.tls=null"},
		{"another registry", []string{"bank-dcr-gateway-registry:8443", "registry:8500"}, "upstream registry of config.routes has the address registry:8500, and the registry of this release is bank-dcr-gateway-registry:8443: write that"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, helm string) {
				if said := refused(t, helm, "--set-file", "config.routes="+routesWith(t, c.replace...)); !strings.Contains(said, c.says) {
					t.Errorf("helm says %s\nwant %s", said, c.says)
				}
			})
		})
	}
}

// All problems are told at once.
func TestAllProblemsAreTold(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, helm string) {
		said := refused(t, helm, "--set", "redis.url=redis://h:6379,services.tls.containerPort=443,registry.podDisruptionBudget.maxUnavailable=0")
		for _, want := range []string{"these values cannot be used:", "- redis.embedded", "- services.tls.containerPort", "- registry.podDisruptionBudget"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s is missing in %s", want, said)
			}
		}
	})
}

// What looks like the senseless and is not.
func TestSensibleValuesAreTaken(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]string{
		"a digest in place of a default tag": "gateway.envoy.image.digest=" + aDigest + ",redis.trial.image.digest=" + aDigest + ",image.digest=" + aDigest,
		"no pods for a while":                "gateway.replicas=0,registry.replicas=0",
		"a budget by number":                 "gateway.podDisruptionBudget.minAvailable=1",
		"a grace period that is longer":      "gateway.terminationGracePeriodSeconds=120",
		"a user in the URL":                  "redis.embedded=false,redis.url=rediss://gateway@redis.bank.example:6379/0,redis.ca.configMap=ca",
		"sentinels":                          "redis.embedded=false,redis.url=redis+sentinel://a:1\\,b:2/0?master=m,redis.passwordSecret.name=s",
		"all at once":                        "registry.strategy.type=Recreate",
		"a load balancer":                    "services.mtls.type=LoadBalancer,services.mtls.loadBalancerSourceRanges={10.0.0.0/8}",
		"a parent chart's values":            "global.imageRegistry=x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, helm string) { template(t, helm, "--set", set) })
		})
	}
}
