//go:build chart

package chart

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// What the operations pages announce for an outage of a part: requests fail with these outcomes while it lasts.
var (
	outage = []string{"503"}
	// A process that is killed takes its connections with it.
	killed = []string{"503", "connection reset", "connection closed", "connection refused"}
)

// TestTraffic does to one bank what its operators do, and what happens to it, while its clients go on. Each step says which
// failures its clients may see; a request that must be refused is never allowed, and what was acknowledged is there.
func TestTraffic(t *testing.T) {
	b := newBank(t, "helm", "traffic", chartDir)
	l := b.newLoad(t)
	keys := &tokenKeys{}
	for _, step := range []struct {
		name    string
		do      func(*testing.T, *bank)
		allowed []string
	}{
		{name: "nothing", do: func(*testing.T, *bank) {}},
		{name: "an upgrade with a new image", do: newImage},
		{name: "a rollback", do: rollback},
		{name: "an upgrade with a new route", do: newRoute},
		{name: "an upgrade with a new route and the Job that refreshes", do: refreshedRoute},
		{name: "an upgrade with broken routes", do: brokenRoutes},
		{name: "an edit of the ConfigMap", do: editedRoutes},
		{name: "a new server certificate", do: newServerCertificate},
		{name: "new certificates between Envoy and registry", do: newRegistryCertificates},
		{name: "a new key for tokens", do: keys.rotate},
		{name: "a restart of all gateways and registries", do: restarted},
		{name: "an upgrade with network policies", do: policed},
		{name: "a drained node", do: drained},
		{name: "tokens of the new key", do: keys.rotated},
		{name: "a killed Envoy", do: killedEnvoy, allowed: killed},
		{name: "a killed gate", do: killedGate, allowed: outage},
		{name: "a killed registry", do: killedRegistry, allowed: outage},
		{name: "a restarted Redis", do: restartedRedis, allowed: outage},
		{name: "a new password of Redis", do: newPassword},
	} {
		t.Run(step.name, func(t *testing.T) {
			l.during(t, func() { step.do(t, b) }, step.allowed...)
		})
	}
	b.uninstall(t)
	wantNothingLeft(t, b.namespace)
}

func newImage(t *testing.T, b *bank) {
	before := b.pods(t, "gateway")
	b.upgrade(t, "--set", "image.repository="+images.Next.Repository(), "--set-string", "image.tag="+images.Next.Tag())
	for _, component := range []string{"gateway", "registry"} {
		b.settled(t, component, 2)
	}
	if after := b.pods(t, "gateway"); slices.ContainsFunc(names(after), func(name string) bool { return slices.Contains(names(before), name) }) {
		t.Errorf("%s has pods of before: %s", names(after), names(before))
	}
}

func rollback(t *testing.T, b *bank) {
	if _, err := run("", b.helm, "rollback", b.name, "-n", b.namespace, "--wait", "--timeout", patience.String()); err != nil {
		t.Error(err)
		return
	}
	b.settled(t, "gateway", 2)
}

// withRoute are the bank's routes with one more.
func withRoute(t *testing.T, name string) string {
	t.Helper()
	routes := fill(t, "routes.yaml", map[string]string{"Release": "bank-dcr-gateway"})
	return routes + fmt.Sprintf("  - {name: %s, path: /.well-known/%s, methods: [GET], listener: tls, public: true, endpoint: discovery}\n", name, name)
}

// wantRoute waits until every gateway has a route, asked at each pod, and that no pod was restarted for it.
func (b *bank) wantRoute(t *testing.T, name string, do func()) {
	t.Helper()
	before := b.pods(t, "gateway")
	began := time.Now()
	do()
	asked := time.Now()
	for i := range before {
		client := b.client(nil, newHTTP1)
		client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(before[i].Status.PodIP, "8444"))
		}
		eventually(t, "the route is there", func() error {
			answer, err := dcrclient.Send(t.Context(), client, dcrclient.NewRequest(http.MethodGet, publicURL+"/.well-known/"+name))
			if err != nil {
				return err
			}
			if answer.Status != http.StatusOK {
				return fmt.Errorf("%s", answer)
			}
			return nil
		})
	}
	t.Logf("  the route was live in both pods %s after the command had ended, %s after it began", time.Since(asked).Round(10*time.Millisecond), time.Since(began).Round(10*time.Millisecond))
	after := b.pods(t, "gateway")
	if !slices.Equal(names(before), names(after)) || after[0].restarts()+after[1].restarts() != before[0].restarts()+before[1].restarts() {
		t.Errorf("the gateways were restarted: %s, then %s", names(before), names(after))
	}
	if versions := b.versions(t); len(versions) != 1 {
		t.Errorf("the gates run on %d versions", len(versions))
	}
}

func newRoute(t *testing.T, b *bank) {
	b.wantRoute(t, "second", func() {
		b.upgrade(t, "--set-file", "config.routes="+file(t, "routes.yaml", withRoute(t, "second")))
	})
}

// refreshedRoute has a Job of the chart tell the kubelet that a pod has new files.
func refreshedRoute(t *testing.T, b *bank) {
	b.wantRoute(t, "third", func() {
		b.upgrade(t, "--set-file", "config.routes="+file(t, "routes.yaml", withRoute(t, "third")), "--set", "jobs.refresh.enabled=true",
			"--set", "jobs.refresh.image.registry=", "--set", "jobs.refresh.image.repository="+images.Kubectl.Repository(), "--set-string", "jobs.refresh.image.tag="+images.Kubectl.Tag())
	})
	for _, p := range slices.Concat(b.pods(t, "gateway"), b.pods(t, "registry")) {
		if p.Metadata.Annotations["dcr-gateway/files-of"] == "" {
			t.Errorf("%s has no annotation", p.Metadata.Name)
		}
	}
}

// brokenRoutes is refused by helm, which says why, and changes nothing.
func brokenRoutes(t *testing.T, b *bank) {
	before, versions := b.pods(t, "gateway"), b.versions(t)
	broken := strings.Replace(withRoute(t, "broken"), "upstream: bank}", "upstream: bnak}", 1)
	out, err := b.helmed("upgrade", "--set-file", "config.routes="+file(t, "routes.yaml", broken))
	switch {
	case err == nil:
		t.Errorf("helm took routes with an upstream that is not there: %s", out)
	case !strings.Contains(err.Error(), "bnak"):
		t.Errorf("helm does not say why: %v", err)
	default:
		for line := range strings.Lines(err.Error()) {
			if strings.Contains(line, "bnak") {
				t.Logf("  helm said: %s", strings.TrimSpace(line))
			}
		}
	}
	if after := b.pods(t, "gateway"); !slices.Equal(names(before), names(after)) {
		t.Errorf("the gateways were replaced: %s, then %s", names(before), names(after))
	}
	for version := range b.versions(t) {
		if !versions[version] {
			t.Errorf("the gates run on %s, which is new", version)
		}
	}
}

// editedRoutes edits the ConfigMap itself. The field is the editor's from now on, so that the next upgrade has to say that
// it takes it back.
func editedRoutes(t *testing.T, b *bank) {
	b.wantRoute(t, "fourth", func() {
		var config struct {
			Data map[string]string `json:"data"`
		}
		object(t, &config, "configmap", "-n", b.namespace, "bank-dcr-gateway-config")
		patch := fmt.Sprintf(`{"data": {"routes.yaml": %q}}`, withRoute(t, "fourth"))
		kubectl(t, "patch", "configmap", "-n", b.namespace, "bank-dcr-gateway-config", "--type=merge", "-p", patch)
	})
}

func newServerCertificate(t *testing.T, b *bank) {
	serials := func() (all []string) {
		for _, p := range b.pods(t, "gateway") {
			all = append(all, b.serial(t, net.JoinHostPort(p.Status.PodIP, "8443"), "mtls.bank.test"))
		}
		return all
	}
	before := serials()
	began := time.Now()
	b.serve(t, b.namespace)
	eventually(t, "Envoy has the new certificate", func() error { return changed(before, serials()) })
	t.Logf("  both Envoys had the new certificate %s after the Secret", time.Since(began).Round(10*time.Millisecond))
}

// changed says which of the things of before are still there.
func changed(before, after []string) error {
	for _, one := range after {
		if slices.Contains(before, one) {
			return fmt.Errorf("%s is still there", one)
		}
	}
	return nil
}

// serial is that of the certificate that a server has.
func (b *bank) serial(t *testing.T, address, name string) string {
	t.Helper()
	connection, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", address, &tls.Config{InsecureSkipVerify: true, ServerName: name})
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	return connection.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

func newRegistryCertificates(t *testing.T, b *bank) {
	serials := func() (all []string) {
		for _, p := range b.pods(t, "registry") {
			all = append(all, b.serial(t, net.JoinHostPort(p.Status.PodIP, "8443"), "bank-dcr-gateway-registry"))
		}
		return all
	}
	before, pods := serials(), names(slices.Concat(b.pods(t, "gateway"), b.pods(t, "registry")))
	b.upgrade(t, "--set-string", "registry.tls.renew=again", "--force-conflicts")
	eventually(t, "the registries have new certificates", func() error { return changed(before, serials()) })
	if after := names(slices.Concat(b.pods(t, "gateway"), b.pods(t, "registry"))); !slices.Equal(pods, after) {
		t.Errorf("pods were replaced: %s, then %s", pods, after)
	}
}

// redisURL is the bank's, for commands in its pods.
const redisURL = "redis://redis.sandbox.svc:6379/0?password_file=/etc/dcr-gateway/redis/password"

// A new key for tokens signs when every registry and gate has had the time to read it, a minute later. tokenKeys keeps a
// token of before.
type tokenKeys struct {
	client *tpp
	old    string
}

func (k *tokenKeys) rotate(t *testing.T, b *bank) {
	k.client = b.join(t, keptHTTP2)
	_, k.old = k.client.client()
	kubectl(t, "exec", "-n", b.namespace, "deployment/bank-dcr-gateway-gateway", "-c", "gate", "--", "/dcr-gateway", "keys", "rotate", "--redis", redisURL)
}

// rotated waits until the new key signs. A token of the old one is as good as before.
func (k *tokenKeys) rotated(t *testing.T, _ *bank) {
	eventually(t, "tokens are signed by the new key", func() error {
		want(t, "get a token", http.StatusOK)(k.client.renew(t.Context()))
		if _, token := k.client.client(); header(token) == header(k.old) {
			return fmt.Errorf("they are signed by the old one")
		}
		return nil
	})
	want(t, "call with a token of the new key", http.StatusOK)(k.client.get(t.Context(), k.client.fresh, echoURL))
	k.client.mu.Lock()
	k.client.token = k.old
	k.client.mu.Unlock()
	want(t, "call with a token of the old key", http.StatusOK)(k.client.get(t.Context(), k.client.fresh, echoURL))
}

// header is the first part of a token, which names its key.
func header(token string) string {
	first, _, _ := strings.Cut(token, ".")
	return first
}

func restarted(t *testing.T, b *bank) {
	for _, component := range []string{"gateway", "registry"} {
		kubectl(t, "rollout", "restart", "-n", b.namespace, "deployment/bank-dcr-gateway-"+component)
	}
	for _, component := range []string{"gateway", "registry"} {
		kubectl(t, "rollout", "status", "-n", b.namespace, "deployment/bank-dcr-gateway-"+component, "--timeout="+patience.String())
		b.settled(t, component, 2)
	}
}

// drained evicts the bank's pods. The node is opened again when the first is gone, as its successor has no other.
func drained(t *testing.T, b *bank) {
	node := kubectl(t, "get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
	before := slices.Concat(b.pods(t, "gateway"), b.pods(t, "registry"))
	done := make(chan error, 1)
	go func() {
		_, err := run("", "kubectl", "drain", node, "--pod-selector=app.kubernetes.io/instance="+b.name, "--delete-emptydir-data", "--ignore-daemonsets", "--timeout="+patience.String())
		done <- err
	}()
	eventually(t, "a pod is evicted", func() error {
		if now := slices.Concat(b.pods(t, "gateway"), b.pods(t, "registry")); slices.Equal(names(now), names(before)) {
			return fmt.Errorf("all are there")
		}
		return nil
	})
	kubectl(t, "uncordon", node)
	if err := <-done; err != nil {
		t.Error(err)
	}
	for _, component := range []string{"gateway", "registry"} {
		b.settled(t, component, 2)
	}
	if err := changed(names(before), names(slices.Concat(b.pods(t, "gateway"), b.pods(t, "registry")))); err != nil {
		t.Error(err)
	}
}

// killedOne kills a process of one pod of a component, which Kubernetes starts again.
func (b *bank) killedOne(t *testing.T, component string, words ...string) {
	t.Helper()
	if !own() {
		t.Skip("the processes of this cluster are not ours")
	}
	victim := b.pods(t, component)[0]
	victim.kill(t, words...)
	eventually(t, "the container is started again", func() error {
		for _, p := range b.pods(t, component) {
			if p.Metadata.Name == victim.Metadata.Name && p.restarts() > victim.restarts() && p.ready() {
				return nil
			}
		}
		return fmt.Errorf("it is not")
	})
	b.settled(t, component, 2)
}

func killedEnvoy(t *testing.T, b *bank) { b.killedOne(t, "gateway", "/usr/local/bin/envoy") }

func killedGate(t *testing.T, b *bank) { b.killedOne(t, "gateway", "/dcr-gateway", "gate") }

func killedRegistry(t *testing.T, b *bank) { b.killedOne(t, "registry", "/dcr-gateway", "registry") }

func restartedRedis(t *testing.T, _ *bank) {
	kubectl(t, "delete", "pod", "-n", "sandbox", "redis-0", "--grace-period=1")
	kubectl(t, "rollout", "status", "-n", "sandbox", "statefulset/redis", "--timeout="+patience.String())
}

// newPassword gives Redis a second password, then the gateways, and then takes the first one away and ends all connections.
func newPassword(t *testing.T, b *bank) {
	const first, second = "first", "second"
	redis := func(password string, args ...string) string {
		return kubectl(t, append([]string{"exec", "-n", "sandbox", "redis-0", "--", "/usr/bin/redis-cli", "--no-auth-warning", "-a", password}, args...)...)
	}
	redis(first, "acl", "setuser", "default", ">"+second)
	redis(first, "acl", "setuser", "probe", "on", ">"+second, "allcommands", "allkeys", "allchannels") // has the second alone
	t.Cleanup(func() { redis(second, "acl", "setuser", "default", ">"+first) })
	setPassword(t, b.namespace, second)
	for component, container := range map[string]string{"gateway": "gate", "registry": "registry"} {
		for _, p := range b.pods(t, component) {
			eventually(t, "the pod has the new password", func() error {
				_, err := run("", "kubectl", "exec", "-n", b.namespace, p.Metadata.Name, "-c", container, "--", "/dcr-gateway", "keys", "list", "--redis", strings.Replace(redisURL, "//", "//probe@", 1))
				return err
			})
		}
	}
	redis(second, "acl", "setuser", "default", "<"+first)
	redis(second, "client", "kill", "type", "normal", "skipme", "yes")
}
