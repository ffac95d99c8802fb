package xds

import (
	"testing"
	"time"
)

func TestMakeBeforeBreak(t *testing.T) {
	w := newWorld(t)
	w.server.linger = 100 * time.Millisecond
	w.publish(small("v1", "one", "old", "stays"))
	c := w.connect("e")
	c.begins([]string{"old", "stays"})
	w.accepted("v1")

	next := small("v2", "two", "new", "stays")
	next.Listeners = append(next.Listeners, listener("more", 2))
	next.Routes = append(next.Routes, routeTable("more", says("/", "more")))
	w.publish(next)
	push := c.gets(clusters, "new")
	c.quiet()
	c.acks(push)
	push = c.gets(listeners, "more")
	c.quiet()
	c.asks(routes, "more") // Envoy asks before it acknowledges the listener
	c.takes(routes, "more")
	c.quiet()
	c.acks(push)
	push = c.gets(routes, "web")
	c.quiet()
	c.acks(push)
	acknowledged := time.Now()
	w.accepted("v2")
	c.takes(clusters, "-old")
	if have := time.Since(acknowledged); have < 90*time.Millisecond {
		t.Errorf("the cluster is gone after %v", have)
	}
	w.noOutcome()
}

func TestClusterThatComesBackIsNotRemoved(t *testing.T) {
	w := newWorld(t)
	w.server.linger = 150 * time.Millisecond
	w.publish(small("v1", "one", "a", "b"))
	c := w.connect("e")
	c.begins([]string{"a", "b"})
	w.accepted("v1")
	w.publish(small("v2", "two"))
	c.takes(routes, "web")
	w.accepted("v2")
	time.Sleep(80 * time.Millisecond)
	w.publish(small("v3", "three", "a"))
	c.takes(routes, "web")
	w.accepted("v3")
	w.publish(small("v4", "four"))
	c.takes(routes, "web")
	left := time.Now()
	w.accepted("v4")
	c.takes(clusters, "-b")
	c.takes(clusters, "-a")
	if have := time.Since(left); have < 140*time.Millisecond {
		t.Errorf("the cluster that came back is gone after %v", have)
	}
}
