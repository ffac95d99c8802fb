package xds

import (
	"strings"
	"testing"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
)

func TestRefusalAndRollback(t *testing.T) {
	for _, c := range []struct {
		name string
		kind kind
		way  func(*client) *discoveryv3.DeltaDiscoveryResponse // up to the push that is refused
		back func(*client)                                     // what the rollback brings
	}{
		{"clusters", clusters,
			func(c *client) *discoveryv3.DeltaDiscoveryResponse { return c.gets(clusters, "b") },
			func(c *client) { c.takes(clusters, "-b") }},
		{"listeners", listeners,
			func(c *client) *discoveryv3.DeltaDiscoveryResponse {
				c.takes(clusters, "b")
				return c.gets(listeners, "web")
			},
			func(c *client) { c.takes(listeners, "web"); c.takes(clusters, "-b") }},
		{"routes", routes,
			func(c *client) *discoveryv3.DeltaDiscoveryResponse {
				c.takes(clusters, "b")
				c.takes(listeners, "web")
				return c.gets(routes, "web")
			},
			func(c *client) { c.takes(listeners, "web"); c.takes(routes, "web"); c.takes(clusters, "-b") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.server.linger = time.Millisecond
			good, bad, next := small("good", "one", "a"), small("bad", "two", "a", "b"), small("next", "three", "a")
			bad.Listeners[0].StatPrefix = "other"
			w.publish(good)
			e := w.connect("e")
			e.begins([]string{"a"})
			w.accepted("good")

			w.publish(bad)
			e.nacks(c.way(e), "no such thing")
			if words := w.refused("bad", c.name); words != "no such thing" {
				t.Errorf("have %q", words)
			}
			e.quiet()
			w.noOutcome()
			ack := w.server.Envoys()[0].Types[c.name]
			if ack.Refused != "no such thing" || ack.Version != "good" {
				t.Errorf("have %+v", ack)
			}

			w.publish(good)
			c.back(e)
			w.accepted("good")
			if ack := w.server.Envoys()[0].Types[c.name]; ack.Refused != "" || ack.Version != "good" {
				t.Errorf("have %+v", ack)
			}
			w.publish(next)
			e.takes(routes, "web")
			w.accepted("next")
		})
	}
}

func TestRefusalOfWhatIsReplacedAlready(t *testing.T) {
	w := newWorld(t)
	w.publish(small("v1", "one"))
	c := w.connect("e")
	c.begins(nil)
	w.accepted("v1")
	w.publish(small("v2", "bad"))
	push := c.gets(routes, "web")
	w.publish(small("v3", "bad")) // the same resource
	c.nacks(push, "bad")
	push = c.gets(routes, "web") // it is of this version now, so it is tried once more
	w.noOutcome()
	c.nacks(push, "bad")
	w.refused("v3", "routes")
	w.publish(small("v4", "good"))
	c.takes(routes, "web")
	w.accepted("v4")
}

func TestSecretsAlone(t *testing.T) {
	w := newWorld(t)
	one, _ := keyPair(t, "pair", "a.test")
	two, _ := keyPair(t, "pair", "b.test")
	w.publish(small("v1", "one"), one)
	c := w.connect("e")
	c.begins(nil)
	w.accepted("v1")
	c.asks(secrets, "pair")
	c.takes(secrets, "pair")
	before := waitFor(t, func() (string, bool) {
		version := w.server.Envoys()[0].Types["secrets"].Version
		return version, version != ""
	})

	w.publish(small("v1", "one"), two)
	push := c.gets(secrets, "pair")
	w.noOutcome()
	c.nacks(push, `bad <inline> key: inline_string: "-----BEGIN PRIVATE KEY-----`)
	if words := w.refused("v1", "secrets"); words != "bad <inline> key:" {
		t.Errorf("have %q", words)
	}
	if strings.Contains(w.log.String(), "BEGIN") {
		t.Error("the log has the secret")
	}
	w.publish(small("v1", "one"), one)
	c.takes(secrets, "pair")
	w.accepted("v1")
	w.publish(small("v1", "one"), two)
	c.takes(secrets, "pair")
	w.accepted("v1")
	if have := w.server.Envoys()[0].Types["secrets"].Version; have == before {
		t.Error("the version of the secrets is still the same")
	}
}

// TestRefusedPushIsSentAgainAsAWhole: Envoy may have taken a part of it, and does not say which.
func TestRefusedPushIsSentAgainAsAWhole(t *testing.T) {
	w := newWorld(t)
	w.publish(small("v1", "one"))
	c := w.connect("e")
	c.begins(nil)
	w.accepted("v1")
	both := small("v2", "one")
	both.Listeners = append(both.Listeners, listener("bad", 2), listener("well", 3))
	both.Routes = append(both.Routes, routeTable("bad"), routeTable("well"))
	w.publish(both)
	c.nacks(c.gets(listeners, "bad", "well"), "the port of bad is taken")
	w.refused("v2", "listeners")

	w.publish(both) // once more
	c.nacks(c.gets(listeners, "bad", "well"), "still taken")
	w.refused("v2", "listeners")
	w.publish(small("v1", "one")) // back: Envoy may have either
	c.takes(listeners, "-bad", "-well")
	w.accepted("v1")
	w.publish(both)
	c.nacks(c.gets(listeners, "bad", "well"), "still taken")
	w.refused("v2", "listeners")
	both.Version, both.Listeners[1] = "v3", listener("bad", 4)
	w.publish(both)
	c.takes(listeners, "bad", "well")
	c.asks(routes, "bad", "well")
	c.takes(routes, "bad", "well")
	w.accepted("v3")
}
