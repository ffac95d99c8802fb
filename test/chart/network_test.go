//go:build chart

package chart

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// policies are the bank's values for networkPolicy: what is in the sandbox, by the labels of its pods.
const policies = `networkPolicy={"enabled": true, "egress": {
	"gateway": [{"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "sandbox"}}}]}],
	"registry": [{"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "sandbox"}}, "podSelector": {"matchLabels": {"app": "redis"}}}]}]}}`

// container is one that has the product's program in it.
type container struct{ namespace, pod, name string }

// reaches says whether a connection can be made from the container: a command asks for a web page at the address, and
// whatever else serves there gives it a wrong answer.
func (c container) reaches(address string) bool {
	_, err := run("", "kubectl", "exec", "-n", c.namespace, c.pod, "-c", c.name, "--",
		"/dcr-gateway", "conform", "--public", "--discovery", "https://any.test/", "--connect", "any.test="+address)
	return err == nil || !strings.Contains(err.Error(), "connection refused") && !strings.Contains(err.Error(), "dial tcp")
}

// path is a way from a container to a port.
type path struct {
	what    string
	from    container
	to      string
	allowed bool // with the policies; without them all are
}

func (b *bank) paths(t *testing.T) []path {
	t.Helper()
	gateways, registries := b.pods(t, "gateway"), b.pods(t, "registry")
	gateway, registry := gateways[0], registries[0]
	gate := container{b.namespace, gateway.Metadata.Name, "gate"}
	inRegistry := container{b.namespace, registry.Metadata.Name, "registry"}
	elsewhere := container{"sandbox", "deployment/bank", "bank"}
	at := func(p pod, port string) string { return net.JoinHostPort(p.Status.PodIP, port) }
	return []path{
		{"from a registry to Redis", inRegistry, "redis.sandbox.svc:6379", true},
		{"from a registry to the bank's API", inRegistry, "bank.sandbox.svc:8446", false},
		{"from a registry to a gate's metrics", inRegistry, at(gateway, "9100"), false},
		{"from a gateway to the bank's API", gate, "bank.sandbox.svc:8446", true},
		{"from a gateway to a registry", gate, at(registry, "8443"), true},
		{"from a gateway to a registry's metrics", gate, at(registry, "9100"), false},
		{"from a gateway to the metrics of another", gate, at(gateways[1], "9100"), false},
		{"from elsewhere to a registry", elsewhere, at(registry, "8443"), false},
		{"from elsewhere to a gate's metrics", elsewhere, at(gateway, "9100"), false},
		{"from elsewhere to a listener", elsewhere, at(gateway, "8443"), true},
	}
}

// policed turns the policies on. They hold in both directions, and the bank's clients do not notice.
func policed(t *testing.T, b *bank) {
	for _, p := range b.paths(t) {
		if !p.from.reaches(p.to) {
			t.Errorf("%s there is no way, without any policy", p.what)
		}
	}
	b.upgrade(t, "--set-json", policies)
	for _, p := range b.paths(t) {
		eventually(t, p.what, func() error {
			if reached := p.from.reaches(p.to); reached != p.allowed {
				return fmt.Errorf("allowed: %t, want %t", reached, p.allowed)
			}
			return nil
		})
	}
}
