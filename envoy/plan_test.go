package envoy_test

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"
)

const planRoutes = twoListeners + `
upstreams:
  registry: {address: "unix:DIR/registry.sock"}
  bank: {address: "unix:DIR/registry.sock"}
plans:
  hourly: {per_client: 3/h}
  shared: {per_client: 4/m}
  quick: {per_client: 10/s}
  sources: {per_source: 3/h, per_client: 2/h}
routes:
  - {name: hourly, path: /hourly, methods: [GET], checks: [certificate, bearer], upstream: bank, plan: hourly}
  - {name: a, path: /a, methods: [GET], checks: [certificate, bearer], upstream: bank, plan: shared}
  - {name: b, path: "/b/{Id}", methods: [GET], checks: [certificate, bearer], upstream: bank, plan: shared}
  - {name: quick, path: /quick, methods: [GET], checks: [certificate, bearer], upstream: bank, plan: quick}
  - {name: sources, path: /sources, methods: [GET], checks: [certificate, bearer], upstream: bank, plan: sources}
  - {name: free, path: /free, methods: [GET], checks: [certificate, bearer], upstream: bank}
`

// TestPlans counts by client and by source.
func TestPlans(t *testing.T) {
	t.Parallel()
	e := startEdge(t, planRoutes)
	e.gate.answers(allowClient)
	t.Run("per client", e.testPerClient)
	t.Run("routes of one plan", e.testSharedPlan)
	t.Run("per source", e.testPerSource)
	t.Run("refill", e.testRefill)
	t.Run("clients at once", e.testManyClients)
}

// get asks for a path as a client; "" is one that the gate does not know.
func (e *edge) get(t *testing.T, client *http.Client, path, name string) answer {
	t.Helper()
	var headers []string
	if name != "" {
		headers = append(headers, "test-client: "+name)
	}
	return ask(t, client, "GET", e.mtls+path, nil, headers...)
}

// isLimited checks a refusal by a rate plan.
func (a answer) isLimited(t *testing.T, retryAfter int) {
	t.Helper()
	a.isOwnReply(t, http.StatusTooManyRequests, "too_many_requests")
	// The bucket fills while the test asks.
	if have, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || have > retryAfter || have < max(1, retryAfter-60) {
		t.Errorf("retry-after: have %q, want %d or a little less", a.header.Get("Retry-After"), retryAfter)
	}
	for name := range a.header {
		if len(name) > 8 && name[:8] == "X-Envoy-" {
			t.Errorf("the client is told of Envoy: %s", name)
		}
	}
}

func (e *edge) testPerClient(t *testing.T) {
	for _, version := range []int{1, 2} {
		client, name := e.client(t, version), fmt.Sprint("client", version)
		for range 3 {
			e.get(t, client, "/hourly", name).seen(t)
		}
		e.get(t, client, "/hourly", name).isLimited(t, 1200)
		e.get(t, client, "/hourly", "other"+name).seen(t)
		e.get(t, client, "/free", name).seen(t)
		for range 5 {
			e.get(t, client, "/hourly", "").seen(t)
		}
	}
}

func (e *edge) testSharedPlan(t *testing.T) {
	client := e.client(t, 2)
	for _, path := range []string{"/a", "/b/1", "/b/2", "/a"} {
		e.get(t, client, path, "one").seen(t)
	}
	e.get(t, client, "/a", "one").isLimited(t, 15)
	e.get(t, client, "/b/3", "one").isLimited(t, 15)
	e.get(t, client, "/b/3", "two").seen(t)
}

// testPerSource checks that a source is refused before the gate is asked, and no other source with it.
func (e *edge) testPerSource(t *testing.T) {
	e.gate.answers(allowClient)
	for i := range 3 {
		e.get(t, e.client(t, 1+i%2), "/sources", fmt.Sprint(i)).seen(t)
	}
	answer := e.get(t, e.client(t, 2), "/sources", "3")
	answer.isLimited(t, 1200)
	const own = "00000000-5f7d-4a3c-9d2b-00000000000e"
	if answer = ask(t, e.client(t, 1), "GET", e.mtls+"/sources", nil, "x-fapi-interaction-id: "+own); answer.status != 429 || answer.header.Get("X-Fapi-Interaction-Id") != own {
		t.Errorf("have %d with the interaction id %q", answer.status, answer.header.Get("X-Fapi-Interaction-Id"))
	}
	if have := len(e.gate.questions()); have != 3 {
		t.Errorf("the gate was asked %d times", have)
	}
	other := e.client(t, 1)
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}}
	other.Transport.(*http.Transport).DialContext = dialer.DialContext
	e.get(t, other, "/sources", "9").seen(t)
	e.get(t, other, "/sources", "9").seen(t)
	e.get(t, other, "/sources", "9").isLimited(t, 1800) // the plan's other limit
}

// testRefill checks that of ten a second there is one each 100 ms, and no more.
func (e *edge) testRefill(t *testing.T) {
	client, start, passed := e.client(t, 2), time.Now(), 0
	for passed < 17 && time.Since(start) < patience {
		if answer := e.get(t, client, "/quick", "refill"); answer.status == http.StatusOK {
			passed++
		} else {
			answer.isLimited(t, 1)
		}
		time.Sleep(5 * time.Millisecond)
	}
	if took := time.Since(start); passed < 17 || passed > 11+int(took/(100*time.Millisecond)) {
		t.Errorf("%d passed in %v", passed, took)
	}
}

// testManyClients checks that each of many clients has its own bucket.
func (e *edge) testManyClients(t *testing.T) {
	client := e.client(t, 2)
	for i := range 300 {
		e.get(t, client, "/hourly", fmt.Sprint("many", i)).seen(t)
	}
	for range 2 {
		e.get(t, client, "/hourly", "many0").seen(t)
	}
	e.get(t, client, "/hourly", "many0").isLimited(t, 1200)
}
