package xds

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"
)

// traffic asks a path all the time and keeps what is not one of the wanted answers.
type traffic struct {
	stop, done chan struct{}
	mu         sync.Mutex
	count      map[int]int
	strange    []string
}

func startTraffic(t *testing.T, url string, wanted ...string) *traffic {
	flow := &traffic{stop: make(chan struct{}), done: make(chan struct{}), count: map[int]int{}}
	client := browser(t)
	go func() {
		defer close(flow.done)
		for {
			select {
			case <-flow.stop:
				return
			default:
			}
			status, body := try(client, url)
			flow.note(status, body, wanted)
		}
	}()
	return flow
}

func (f *traffic) note(status int, body string, wanted []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count[status]++
	for _, want := range wanted {
		if want == fmt.Sprint(status, " ", body) {
			return
		}
	}
	f.strange = append(f.strange, fmt.Sprint(status, " ", body))
}

func (f *traffic) end(t *testing.T) map[int]int {
	t.Helper()
	close(f.stop)
	<-f.done
	if len(f.strange) > 0 {
		t.Errorf("%d strange answers, one is %q; %v", len(f.strange), f.strange[0], f.count)
	}
	return f.count
}

// TestRoutesComeAndGoUnderTraffic adds and removes an upstream with its route, again and again: a request is answered by
// the upstream or 404, never 503 because the route leads nowhere.
func TestRoutesComeAndGoUnderTraffic(t *testing.T) {
	w := newWorld(t)
	w.server.linger = 50 * time.Millisecond
	w.envoy("edge")
	port := freePort(t)
	always, sometimes := cluster("always", w.upstream("always")), w.upstream("sometimes")
	without := web("v0", port, one(leads("/always", "always")), always)
	w.publish(without)
	w.accepted("v0")
	shows(t, at(port, "/always"), "always")

	steady := startTraffic(t, at(port, "/always"), "200 always")
	changing := startTraffic(t, at(port, "/sometimes"), "200 sometimes", "404 ")
	for i := range 60 {
		name := fmt.Sprintf("c%d", i) // each time a cluster that Envoy has never seen
		version := "with-" + name
		w.publish(web(version, port, one(leads("/always", "always"), leads("/sometimes", name)), always, cluster(name, sometimes)))
		w.accepted(version)
		time.Sleep(5 * time.Millisecond)
		w.publish(without)
		w.accepted("v0")
		if i%10 == 9 {
			time.Sleep(60 * time.Millisecond) // the clusters go
		}
	}
	steady.end(t)
	if count := changing.end(t); count[http.StatusOK] == 0 || count[http.StatusNotFound] == 0 {
		t.Errorf("the route did not come and go: %v", count)
	}
}

// TestRequestUnderWay has chosen its route before the route and its cluster go, and needs the cluster after.
func TestRequestUnderWay(t *testing.T) {
	w := newWorld(t)
	w.server.linger = 700 * time.Millisecond
	e := w.envoy("edge")
	port := freePort(t)
	w.publish(web("v1", port, one(leads("/gone", "gone")), cluster("gone", w.upstream("gone"))))
	w.accepted("v1")
	shows(t, at(port, "/gone"), "gone")
	answer := make(chan string, 1)
	go func() {
		status, body := try(browser(t), at(port, "/gone"), "x-envoy-fault-delay-request", "400")
		answer <- fmt.Sprint(status, " ", body)
	}()
	waitFor(t, func() (int, bool) { n := e.count("http.web.downstream_rq_active"); return n, n == 1 })
	w.publish(web("v2", port, nil))
	w.accepted("v2")
	if status, _ := get(t, browser(t), at(port, "/gone")); status != http.StatusNotFound {
		t.Errorf("the route is still there: %d", status)
	}
	if have := <-answer; have != "200 gone" {
		t.Errorf("have %s", have)
	}
	waitFor(t, func() (int, bool) { n := e.count("cluster_manager.active_clusters"); return n, n == 1 }) // xds itself
}

// TestRouteWaitsForItsCluster has clusters that take a while: one until its health is known, one until its secret is there.
func TestRouteWaitsForItsCluster(t *testing.T) {
	w := newWorld(t)
	w.envoy("edge")
	port := freePort(t)
	w.publish(web("v1", port, nil))
	w.accepted("v1")
	shows(t, at(port, "/"), "")
	slow := healthChecked(cluster("slow", w.upstream("slow")))
	mutual := withClientCertificate(cluster("mutual", w.upstream("mutual")), "pair")
	pair, _ := keyPair(t, "pair", "us.test")

	flow := startTraffic(t, at(port, "/slow"), "200 slow", "404 ")
	start := time.Now()
	w.publish(web("v2", port, one(leads("/slow", "slow"), leads("/mutual", "mutual")), slow, mutual), pair)
	w.accepted("v2")
	if have := time.Since(start); have < healthDelay || have > healthDelay+2*time.Second {
		t.Errorf("accepted after %v", have)
	}
	shows(t, at(port, "/slow"), "slow")
	if count := flow.end(t); count[http.StatusOK] == 0 {
		t.Errorf("have %v", count)
	}
	if have := w.server.Envoys()[0].Types["secrets"].Version; have == "" {
		t.Error("the secret is not acknowledged")
	}
}
