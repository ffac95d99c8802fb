//go:build chart

package chart

import (
	"strings"
	"testing"
)

// TestABank installs the chart as a bank does, and a client lives its life there.
func TestABank(t *testing.T) {
	for _, helm := range []string{"helm", "helm3"} {
		t.Run(helm, func(t *testing.T) {
			b := newBank(t, helm, "smoke-"+helm)
			b.walk(t)
			b.uninstall(t)
			wantNothingLeft(t, b.namespace)
		})
	}
}

// trial are helm's arguments for the defaults of the chart, with the images of these tests.
func trial() []string {
	return []string{
		"--set", "image.repository=" + images.Product.Repository(), "--set-string", "image.tag=" + images.Product.Tag(),
		"--set", "gateway.envoy.image.registry=", "--set", "gateway.envoy.image.repository=" + images.Envoy.Repository(), "--set-string", "gateway.envoy.image.tag=" + images.Envoy.Tag(),
		"--set", "redis.trial.image.registry=", "--set", "redis.trial.image.repository=" + images.Redis.Repository(), "--set-string", "redis.trial.image.tag=" + images.Redis.Tag(),
	}
}

// TestDefaults installs the chart with no values but the images.
func TestDefaults(t *testing.T) {
	namespace := newNamespace(t, "defaults")
	r := install(t, "helm", "trial", namespace, trial()...)
	r.uninstall(t)
	wantNothingLeft(t, namespace)
}

// kept is what a namespace has by itself, and what these tests put there.
var kept = []string{"configmap/kube-root-ca.crt", "serviceaccount/default", "secret/bank-server", "secret/bank-redis"}

// wantNothingLeft checks that no object is left in a namespace, of any kind that there is.
func wantNothingLeft(t *testing.T, namespace string) {
	t.Helper()
	kinds := strings.Fields(kubectl(t, "api-resources", "--namespaced", "--verbs=list", "-o", "name"))
	eventually(t, "nothing is left in "+namespace, func() error { return left(t, namespace, kinds) })
}
