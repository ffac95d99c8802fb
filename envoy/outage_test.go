package envoy_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// testAccessLog checks that a line says what was decided and nothing that a client keeps to itself.
func (e *edge) testAccessLog(t *testing.T) {
	e.gate.answers(allow)
	ask(t, e.client(t, 1), "POST", e.mtls+"/register?code=s3cret", strings.NewReader("s3cret"), "authorization: Bearer s3cret", "x-s3cret: s3cret")
	ask(t, e.client(t, 1), "GET", e.mtls+"/register/s3cret", nil, "x-fapi-interaction-id: s3cret", "user-agent: s3cret", "x-request-id: s3cret")
	line := e.lastLine(t, "client")
	for name, want := range map[string]any{
		"listener": "mtls", "decision": "d-1", "method": "GET", "status": 200.0, "details": "via_upstream", "interaction_id": interaction,
	} {
		if line[name] != want {
			t.Errorf("%s: have %v, want %v", name, line[name], want)
		}
	}
	if id, ok := line["request_id"].(string); !ok || !uuid.MatchString(id) {
		t.Errorf("request_id: have %v", line["request_id"])
	}
	if log, err := os.ReadFile(e.log); err != nil || strings.Contains(string(log), "s3cret") {
		t.Errorf("the log has a secret, or cannot be read: %v", err)
	}
}

// lastLine waits for a route's line; Envoy writes its log every now and then.
func (e *edge) lastLine(t *testing.T, route string) map[string]any {
	t.Helper()
	for range 100 {
		log, err := os.ReadFile(e.log)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(log)), "\n")
		var last map[string]any
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err == nil && last["route"] == route {
			return last
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("no line of route %s is the last one", route)
	return nil
}

// awhile is far more than anything here takes, also beside other load.
const awhile = 30 * time.Second

// testHealth checks what load balancers are told, and that nothing else is answered without the gate.
func (e *edge) testHealth(t *testing.T, client *http.Client) {
	for _, listener := range []string{e.mtls, e.public} {
		e.gate.answers(allow)
		answer := ask(t, client, "GET", listener+"/healthz", nil)
		if answer.status != 200 || answer.body != `{"status":"ok"}` && strings.TrimSpace(answer.body) != `{"status":"ok"}` || answer.header.Get("Content-Type") != "application/json" {
			t.Errorf("have %d %s, %v", answer.status, answer.body, answer.header)
		}
		answer.isHardened(t)
		for name := range answer.header {
			if strings.HasPrefix(name, "X-Envoy-") {
				t.Errorf("the answer has %s", name)
			}
		}
		if have := ask(t, client, "HEAD", listener+"/healthz", nil).status; have != 200 {
			t.Errorf("HEAD: have %d", have)
		}
		if have := len(e.gate.questions()); have != 0 {
			t.Errorf("the gate was asked %d times", have)
		}
		for _, other := range []string{"GET /healthz?x", "POST /healthz", "DELETE /healthz", "GET /healthz/", "GET /healthzx", "GET /x/healthz", "GET /Healthz", "GET /healthz%20"} {
			e.gate.answers(allow)
			method, path, _ := strings.Cut(other, " ")
			if have := ask(t, client, method, listener+path, nil).status; have != 404 || len(e.gate.questions()) != 1 {
				t.Errorf("%s: have %d, and the gate was asked %d times", other, have, len(e.gate.questions()))
			}
		}
	}
}

// testDrained checks that load balancers see an Envoy that is being drained, and that clients do not.
func (e *edge) testDrained(t *testing.T) {
	if _, err := e.administer(http.MethodPost, "/healthcheck/fail"); err != nil {
		t.Fatal(err)
	}
	e.gate.answers(allow)
	client := e.client(t, 1)
	ask(t, client, "GET", e.mtls+"/healthz", nil).isOwnReply(t, 503, "temporarily_unavailable")
	for _, path := range []string{"/healthz", "/keeps", "/nothing"} {
		answer := ask(t, client, "GET", e.mtls+path, nil)
		if served := answer.status == http.StatusOK; served != (path == "/keeps") {
			t.Errorf("%s: have %d", path, answer.status)
		}
		for name := range answer.header {
			if strings.HasPrefix(name, "X-Envoy-") {
				t.Errorf("%s: the answer has %s", path, name)
			}
		}
	}
}

// testSickGate checks that a gate which says that it is not well is not asked, and that it is again once it is.
func (e *edge) testSickGate(t *testing.T) {
	e.gate.answers(allow)
	client, start := e.client(t, 2), time.Now()
	e.gate.health.SetServingStatus("", healthv1.HealthCheckResponse_NOT_SERVING)
	for ask(t, client, "GET", e.mtls+"/keeps", nil).status == http.StatusOK {
		if time.Since(start) > awhile {
			t.Fatal("the gate is still asked")
		}
		time.Sleep(20 * time.Millisecond)
	}
	e.gate.answers(allow)
	ask(t, client, "GET", e.mtls+"/keeps", nil).isOwnReply(t, 503, "temporarily_unavailable")
	if have := len(e.gate.questions()); have != 0 {
		t.Errorf("the gate was asked %d times", have)
	}
	for _, listener := range []string{e.mtls, e.public} {
		ask(t, client, "GET", listener+"/healthz", nil).isOwnReply(t, 503, "temporarily_unavailable")
	}
	e.gate.health.SetServingStatus("", healthv1.HealthCheckResponse_SERVING)
	e.isBack(t)
	if have := ask(t, client, "GET", e.mtls+"/healthz", nil).status; have != 200 {
		t.Errorf("once it is well: have %d", have)
	}
}

// frozen asks a question that the gate never answers, and returns how to wait for what becomes of it.
func (e *edge) frozen(t *testing.T) (wait func(*testing.T)) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.mtls+frozenPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	client, start := e.client(t, 2), time.Now()
	type result struct {
		answer answer
		took   time.Duration
		err    error
	}
	results := make(chan result, 1)
	go func() {
		var r result
		if r.answer, r.err = do(client, request); r.err == nil {
			r.took = time.Since(start)
		}
		results <- r
	}()
	return func(t *testing.T) {
		r := <-results
		if r.err != nil {
			t.Fatal(r.err)
		}
		r.answer.isOwnReply(t, 503, "temporarily_unavailable")
		if r.took < routes.GateTimeout-200*time.Millisecond {
			t.Errorf("took %v, want %v", r.took, routes.GateTimeout)
		}
	}
}

// testGateRestarts checks that there is no way through while the gate is away.
func (e *edge) testGateRestarts(t *testing.T) {
	e.gate.server.Stop()
	client, before := e.client(t, 1), e.registry.calls.Load()
	ask(t, client, "GET", e.mtls+"/keeps", nil).isOwnReply(t, 503, "temporarily_unavailable")
	ask(t, client, "GET", e.mtls+"/nothing", nil).isOwnReply(t, 503, "temporarily_unavailable")
	if e.registry.calls.Load() != before {
		t.Error("a request reached the upstream")
	}
	e.gate.answers(allow)
	e.gate.start(t)
	e.isBack(t)
}

func (e *edge) isBack(t *testing.T) {
	t.Helper()
	client, start := e.client(t, 1), time.Now()
	for time.Since(start) < awhile {
		if answer := ask(t, client, "GET", e.mtls+"/keeps", nil); answer.status == 200 {
			t.Logf("back after %v", time.Since(start).Round(time.Millisecond))
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the gate is well and is not asked again")
}
