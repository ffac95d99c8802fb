package xds

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dcr-gateway/dcr-gateway/envoy"
)

// web is a configuration with one listener on a port.
func web(version string, port int, routes []*routev3.Route, clusters ...*clusterv3.Cluster) *envoy.Resources {
	return &envoy.Resources{
		Version:   version,
		Listeners: []*listenerv3.Listener{listener("web", port)},
		Routes:    []*routev3.RouteConfiguration{routeTable("web", routes...)},
		Clusters:  clusters,
	}
}

func one(routes ...*routev3.Route) []*routev3.Route { return routes }

// TestEnvoyLife publishes, is refused, rolls back and goes on, all on one Envoy.
func TestEnvoyLife(t *testing.T) {
	w := newWorld(t)
	e := w.envoy("edge")
	port := freePort(t)
	bank := cluster("bank", w.upstream("bank"))
	first := web("v1", port, one(says("/", "one"), leads("/bank", "bank")), bank)
	w.publish(first)
	w.accepted("v1")
	shows(t, at(port, "/"), "one")
	shows(t, at(port, "/bank"), "bank")

	w.publish(web("v2", port, one(says("/", "two")), bank))
	w.accepted("v2")
	shows(t, at(port, "/"), "two")

	t.Run("no-op", func(t *testing.T) {
		before := e.count("http.web.rds.web.update_attempt") + e.count("cluster_manager.cds.update_attempt") + e.count("listener_manager.lds.update_attempt")
		w.publish(web("v2", port, one(says("/", "two")), bank))
		w.accepted("v2")
		after := e.count("http.web.rds.web.update_attempt") + e.count("cluster_manager.cds.update_attempt") + e.count("listener_manager.lds.update_attempt")
		if before != after {
			t.Errorf("%d updates came", after-before)
		}
	})
	t.Run("routes refused", func(t *testing.T) {
		strange := says("/", "three")
		strange.TypedPerFilterConfig = map[string]*anypb.Any{"fault": {TypeUrl: "type.googleapis.com/no.such.Filter"}}
		w.publish(web("v3", port, one(strange, leads("/new", "new")), bank, cluster("new", w.upstream("new"))))
		words := w.refused("v3", "routes")
		if !strings.Contains(words, "no.such.Filter") || len(words) > maxWords+10 {
			t.Errorf("have %q", words)
		}
		shows(t, at(port, "/"), "two")
		w.publish(first)
		w.accepted("v1")
		shows(t, at(port, "/"), "one")
	})
	w.publish(web("v5", port, one(says("/", "five")), bank))
	w.accepted("v5")
	shows(t, at(port, "/"), "five")
	if have := w.server.Envoys(); len(have) != 1 || have[0].ID != "edge" || have[0].Types["routes"].Version != "v5" || have[0].Types["listeners"].Refused != "" {
		t.Errorf("have %+v", have)
	}
}

// TestEnvoyListeners has one that moves, one that cannot be had for a while, and none.
func TestEnvoyListeners(t *testing.T) {
	w := newWorld(t)
	w.envoy("edge")
	port, other := freePort(t), freePort(t)
	bank := cluster("bank", w.upstream("bank"))
	first := web("v1", port, one(leads("/bank", "bank")), bank)
	w.publish(first)
	w.accepted("v1")
	shows(t, at(port, "/bank"), "bank")

	taken, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", other))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	moved := web("v2", other, one(says("/", "two"), leads("/new", "new")), bank, cluster("new", w.upstream("new")))
	w.publish(moved)
	if words := w.refused("v2", "listeners"); !strings.Contains(words, "Address already in use") {
		t.Errorf("have %q", words)
	}
	shows(t, at(port, "/bank"), "bank")
	w.publish(first)
	w.accepted("v1")
	w.publish(moved)
	w.refused("v2", "listeners")
	taken.Close()
	w.publish(moved) // once more, and now it can have it
	w.accepted("v2")
	shows(t, at(other, "/new"), "new")
	waitFor(t, func() (int, bool) { status, _ := try(browser(t), at(port, "/")); return status, status == 0 })

	w.publish(&envoy.Resources{Version: "none"})
	w.accepted("none")
	w.publish(first)
	w.accepted("v1")
	shows(t, at(port, "/bank"), "bank")
}

// TestEnvoyRestarts restarts Envoy and the server, one after the other, and looks at what is pushed.
func TestEnvoyRestarts(t *testing.T) {
	w := newWorld(t)
	port := freePort(t)
	first := web("v1", port, one(says("/", "one")), cluster("bank", "/bank"))
	w.publish(first)
	e := w.envoy("edge")
	w.accepted("v1")
	shows(t, at(port, "/"), "one")

	e.kill()
	e = w.envoy("edge")
	w.accepted("v1")
	shows(t, at(port, "/"), "one")

	successes := func() int {
		return e.count("http.web.rds.web.update_success") + e.count("cluster_manager.cds.update_success") + e.count("listener_manager.lds.update_success")
	}
	before := successes()
	w.stop()
	w.start(time.Minute)
	w.publish(first)
	w.accepted("v1") // nothing was pushed, and it is told all the same
	if after := successes(); after != before {
		t.Errorf("%d updates came", after-before)
	}
	w.stop()
	shows(t, at(port, "/"), "one") // nobody to ask, and it goes on
	w.start(time.Minute)
	w.publish(web("v2", port, one(says("/", "two"))))
	w.accepted("v2")
	shows(t, at(port, "/"), "two")
}

func TestTwoRealEnvoys(t *testing.T) {
	w := newWorld(t)
	port := freePort(t)
	w.publish(web("v1", port, one(says("/", "one"))))
	w.envoy("a")
	w.accepted("v1")
	w.envoy("b") // both can have the port
	w.accepted("v1")
	w.publish(web("v2", port, one(says("/", "two"))))
	w.accepted("v2")
	for _, e := range w.server.Envoys() {
		if e.Types["routes"].Version != "v2" || e.Types["listeners"].Version != "v2" || e.Types["clusters"].Version != "v2" {
			t.Errorf("have %+v", e)
		}
	}
	if have := w.server.Envoys(); len(have) != 2 || have[0].ID != "a" || have[1].ID != "b" {
		t.Errorf("have %+v", have)
	}
}

// TestCertificateUnderLoad changes the certificate while connections are open and new ones are made.
func TestCertificateUnderLoad(t *testing.T) {
	w := newWorld(t)
	e := w.envoy("edge")
	port := freePort(t)
	r := web("v1", port, one(says("/", "one")))
	withTLS(r.Listeners[0], "pair")
	first, old := keyPair(t, "pair", "old.test")
	second, fresh := keyPair(t, "pair", "new.test")
	w.publish(r, first)
	w.accepted("v1")
	address := fmt.Sprintf("127.0.0.1:%d", port)
	serves := func() (name string) {
		connection, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		return connection.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	if have := serves(); have != old.Subject.CommonName {
		t.Errorf("have %s", have)
	}
	established := browser(t)
	get(t, established, "https://"+address+"/")
	drained := e.count("listener_manager.total_listeners_draining")

	w.publish(r, second)
	for waitFor(t, func() (string, bool) { name := serves(); return name, name == fresh.Subject.CommonName }) == "" {
	}
	w.accepted("v1")
	response, err := established.Get("https://" + address + "/")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if have := response.TLS.PeerCertificates[0].Subject.CommonName; have != old.Subject.CommonName {
		t.Errorf("the connection was not kept: it has %s", have)
	}
	if have := e.count("listener_manager.total_listeners_draining"); have != drained {
		t.Error("a listener drains")
	}

	mismatch := proto.CloneOf(first)
	mismatch.GetTlsCertificate().PrivateKey = second.GetTlsCertificate().GetPrivateKey()
	w.publish(r, mismatch)
	if words := w.refused("v1", "secrets"); !strings.Contains(words, "private key") {
		t.Errorf("have %q", words)
	}
	if have := serves(); have != fresh.Subject.CommonName {
		t.Errorf("have %s", have)
	}
	w.publish(r, second)
	w.accepted("v1")
}
