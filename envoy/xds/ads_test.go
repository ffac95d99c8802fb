package xds

import (
	"strings"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"github.com/dcr-gateway/dcr-gateway/envoy"
)

// small is a configuration with one listener, whose route says text, and some clusters.
func small(version, text string, names ...string) *envoy.Resources {
	r := &envoy.Resources{
		Version:   version,
		Listeners: []*listenerv3.Listener{listener("web", 1)},
		Routes:    []*routev3.RouteConfiguration{routeTable("web", says("/", text))},
	}
	for _, name := range names {
		r.Clusters = append(r.Clusters, cluster(name, "/"+name))
	}
	return r
}

func TestUpdateOfOneType(t *testing.T) {
	w := newWorld(t)
	w.publish(small("v1", "one", "a"))
	c := w.connect("e")
	c.begins([]string{"a"})
	w.accepted("v1")

	w.publish(small("v2", "two", "a"))
	c.takes(routes, "web")
	w.accepted("v2")
	c.quiet()
}

func TestEqualPublishPushesNothing(t *testing.T) {
	w := newWorld(t)
	secret, _ := keyPair(t, "pair", "a.test")
	w.publish(small("v1", "one", "a"), secret)
	c := w.connect("e")
	c.begins([]string{"a"})
	w.accepted("v1")
	c.asks(secrets, "pair")
	c.takes(secrets, "pair")

	w.publish(small("v1", "one", "a"), secret)
	w.accepted("v1")
	w.publish(small("v2", "one", "a"), secret) // a comment in the file
	w.accepted("v2")
	c.quiet()
	if have := w.server.Envoys()[0].Types["routes"].Version; have != "v2" {
		t.Errorf("have %s", have)
	}
}

func TestNoEnvoyNoOutcome(t *testing.T) {
	w := newWorld(t)
	w.publish(small("v1", "one"))
	w.publish(small("v2", "two"))
	w.noOutcome()
	w.connect("e").begins(nil)
	w.accepted("v2")
}

func TestEnvoyWaitsForTheFirstPublish(t *testing.T) {
	w := newWorld(t)
	c := w.connect("e")
	c.asks(clusters)
	c.quiet()
	w.publish(small("v1", "one"))
	c.takes(clusters) // an empty answer: Envoy starts no sooner
	c.asks(listeners)
	c.takes(listeners, "web")
	w.noOutcome() // Envoy has not asked for the routes yet
	c.asks(routes, "web")
	c.takes(routes, "web")
	w.accepted("v1")
}

func TestTwoEnvoys(t *testing.T) {
	w := newWorld(t)
	w.publish(small("v1", "one"))
	a, b := w.connect("a"), w.connect("b")
	a.begins(nil)
	w.accepted("v1")
	b.begins(nil)
	w.accepted("v1")

	w.publish(small("v2", "two"))
	a.takes(routes, "web")
	push := b.gets(routes, "web")
	w.noOutcome() // b has not answered
	b.acks(push)
	w.accepted("v2")

	w.publish(small("v3", "three"))
	a.nacks(a.gets(routes, "web"), "not I")
	w.refused("v3", "routes")
	b.nacks(b.gets(routes, "web"), "nor I")
	w.noOutcome() // once is enough
	w.publish(small("v2", "two"))
	a.takes(routes, "web")
	b.takes(routes, "web")
	w.accepted("v2")

	w.publish(small("v4", "four"))
	a.takes(routes, "web")
	b.gets(routes, "web")
	b.hangUp() // nobody waits for the dead
	w.accepted("v4")
	if have := w.server.Envoys(); len(have) != 1 || have[0].ID != "a" {
		t.Errorf("have %+v", have)
	}
}

func TestReconnectWithEverything(t *testing.T) {
	w := newWorld(t)
	first, _ := keyPair(t, "pair", "a.test")
	w.publish(small("v1", "one", "a"), first)
	c := w.connect("e")
	c.begins([]string{"a"})
	w.accepted("v1")
	c.asks(secrets, "pair")
	c.takes(secrets, "pair")
	for _, restart := range []bool{false, true} {
		c.hangUp()
		if restart {
			w.stop()
			w.start(time.Minute)
			w.publish(small("v1", "one", "a"), first)
		}
		again := w.connect("e")
		again.version = c.version
		again.asks(clusters)
		again.asks(listeners)
		again.asks(routes, "web")
		w.accepted("v1")
		again.asks(secrets, "pair")
		again.quiet()
		c = again
	}
}

func TestReconnectWithSomethingOld(t *testing.T) {
	w := newWorld(t)
	w.server.linger = time.Millisecond
	w.publish(small("v1", "one", "a"))
	c := w.connect("e")
	c.begins([]string{"a"})
	w.accepted("v1")
	c.hangUp()
	w.publish(small("v2", "two", "b"))
	again := w.connect("e")
	again.version = c.version
	again.asks(clusters)
	again.asks(listeners)
	again.asks(routes, "web")
	push := again.gets(clusters, "b")
	again.quiet()
	again.acks(push)
	again.takes(routes, "web")
	w.accepted("v2")
	again.takes(clusters, "-a")
}

func TestEnvoys(t *testing.T) {
	w := newWorld(t)
	start := time.Now()
	w.publish(small("v1", "one", "a"))
	a, b := w.connect("a"), w.connect("b\n\x00 c")
	w.noOutcome()
	if have := w.server.Envoys(); len(have) != 0 {
		t.Errorf("have %+v, want none before they say who they are", have)
	}
	a.begins([]string{"a"})
	w.accepted("v1")
	b.asks(clusters)
	b.gets(clusters, "a")
	envoys := w.server.Envoys()
	if len(envoys) != 2 || envoys[0].Since.After(envoys[1].Since) || envoys[0].Since.Before(start) {
		t.Fatalf("have %+v", envoys)
	}
	for _, e := range envoys {
		switch e.ID {
		case "a":
			ack := e.Types["clusters"]
			if len(e.Types) != 3 || ack.Version != "v1" || ack.At.Before(start) || ack.Refused != "" {
				t.Errorf("a: have %+v", e.Types)
			}
		case "b c":
			if len(e.Types) != 1 || e.Types["clusters"] != (Ack{}) {
				t.Errorf("b: have %+v", e.Types)
			}
		default:
			t.Errorf("have %q", e.ID)
		}
	}
}

func TestPublishRefusesPartsThatDoNotFit(t *testing.T) {
	w := newWorld(t)
	w.publish(small("v1", "one"))
	one, _ := keyPair(t, "pair", "a.test")
	for _, c := range []struct {
		name, want string
		change     func(*envoy.Resources)
	}{
		{"no routes for a listener", "do not match", func(r *envoy.Resources) { r.Routes = nil }},
		{"routes for no listener", "do not match", func(r *envoy.Resources) { r.Routes = append(r.Routes, routeTable("b")) }},
		{"two clusters of one name", `clusters: two resources have the name "a"`,
			func(r *envoy.Resources) { r.Clusters = []*clusterv3.Cluster{cluster("a", "/1"), cluster("a", "/2")} }},
		{"a cluster without a name", `clusters: two resources have the name ""`,
			func(r *envoy.Resources) { r.Clusters = []*clusterv3.Cluster{cluster("", "/1")} }},
	} {
		r := small("v2", "two")
		c.change(r)
		if err := w.server.Publish(r, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: have %v", c.name, err)
		}
	}
	if err := w.server.Publish(small("v2", "two"), []*tlsv3.Secret{one, one}); err == nil {
		t.Error("two secrets of one name: accepted")
	}
	w.connect("e").begins(nil)
	w.accepted("v1")
}

// waitFor asks until it gets an answer.
func waitFor[T any](t testing.TB, ask func() (T, bool)) T {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if have, ok := ask(); ok {
			return have
		}
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}
