package envoy_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// testOwnReplies checks what Envoy answers by itself, and whether it asks the gate first.
func (e *edge) testOwnReplies(t *testing.T, client *http.Client) {
	const own = "00000000-5f7d-4a3c-9d2b-00000000000f" // the client's; once the gate has let a request on, the id is the gate's
	for _, c := range []struct {
		name, method, path string
		body               io.Reader
		status             int
		code               string
		asked              int
		id                 string
	}{
		{"body one byte too large", "POST", "/register", bytes.NewReader(make([]byte, 65_537)), 413, "request_too_large", 0, own},
		{"without its length", "POST", "/register", io.MultiReader(bytes.NewReader(make([]byte, 65_537))), 413, "request_too_large", 0, own},
		{"body far too large", "POST", "/register", bytes.NewReader(make([]byte, 300_000)), 413, "request_too_large", 0, own},
		{"too large for its route", "POST", "/token", bytes.NewReader(make([]byte, 16_385)), 413, "request_too_large", 0, own},
		{"escaped slash", "GET", "/register%2fabc", nil, 400, "invalid_request", 0, own},
		{"no such path", "GET", "/nothing", nil, 404, "not_found", 1, interaction},
		{"large, to no such path", "POST", "/nothing", bytes.NewReader(make([]byte, 70_000)), 404, "not_found", 1, interaction},
		{"upstream is down", "GET", "/down", nil, 503, "temporarily_unavailable", 1, interaction},
		{"upstream is slow", "GET", "/sleep", nil, 504, "temporarily_unavailable", 1, interaction},
	} {
		t.Run(c.name, func(t *testing.T) {
			e.gate.answers(allow)
			answer := ask(t, client, c.method, e.mtls+c.path, c.body, "x-fapi-interaction-id: "+own)
			answer.isOwnReply(t, c.status, c.code)
			if have := answer.header.Values("X-Fapi-Interaction-Id"); !slices.Equal(have, []string{c.id}) {
				t.Errorf("interaction id: have %q, want %q", have, c.id)
			}
			if have := len(e.gate.questions()); have != c.asked {
				t.Errorf("the gate was asked %d times, want %d", have, c.asked)
			}
		})
	}
	t.Run("what the upstream says of itself stays", func(t *testing.T) {
		answer := ask(t, client, "GET", e.mtls+"/keeps?own", nil)
		if have := answer.header.Values("Strict-Transport-Security"); !slices.Equal(have, []string{"max-age=1"}) {
			t.Errorf("have %q", have)
		}
	})
	t.Run("largest body", func(t *testing.T) {
		answer := ask(t, client, "POST", e.mtls+"/register", bytes.NewReader(make([]byte, 65_536)))
		if have := answer.seen(t).Length; have != 65_536 {
			t.Errorf("the upstream got %d bytes", have)
		}
	})
	t.Run("small, to no such path", func(t *testing.T) {
		e.gate.answers(deny(typev3.StatusCode_NotFound))
		var early atomic.Bool
		body := &halting{rest: strings.NewReader(strings.Repeat("a", 16_000)), halt: func() {
			time.Sleep(200 * time.Millisecond)
			early.Store(len(e.gate.questions()) > 0)
		}}
		answer := ask(t, client, "POST", e.mtls+"/nothing", body)
		answer.isGates(t, 404)
		if early.Load() {
			t.Error("the request was decided before it had arrived: a client that still sends may see a reset instead of the answer")
		}
	})
	t.Run("another one is not", func(t *testing.T) {
		ask(t, client, "GET", e.mtls+"/register%2fabc", nil, "x-fapi-interaction-id: <script>").isOwnReply(t, 400, "invalid_request")
	})
}

// halting is a body that stops after its first piece.
type halting struct {
	rest io.Reader
	halt func()
	read int
}

func (h *halting) Read(p []byte) (int, error) {
	if h.read++; h.read == 2 {
		h.halt()
	}
	return h.rest.Read(p[:min(len(p), 1000)])
}

// testGateAnswers checks what becomes of each kind of answer.
func (e *edge) testGateAnswers(t *testing.T, client *http.Client) {
	get := func(t *testing.T, decide decide, asked int) answer {
		t.Helper()
		e.gate.answers(decide)
		before := e.registry.calls.Load()
		answer := ask(t, client, "GET", e.mtls+"/keeps", nil)
		if have := len(e.gate.questions()); have != asked {
			t.Errorf("the gate was asked %d times, want %d", have, asked)
		}
		if reached := e.registry.calls.Load() > before; reached != (answer.status == http.StatusOK) {
			t.Errorf("reached the upstream: %v, status %d", reached, answer.status)
		}
		return answer
	}
	for _, c := range []struct {
		name   string
		decide decide
		status int
	}{
		{"refusal", deny(typev3.StatusCode_Unauthorized), 401},
		{"refusal with a status that Envoy has words for", deny(typev3.StatusCode_ServiceUnavailable), 503},
		{"error_response", fail, 503},
	} {
		t.Run(c.name, func(t *testing.T) { get(t, c.decide, 1).isGates(t, c.status) })
	}
	t.Run("gRPC error", func(t *testing.T) {
		get(t, func(context.Context, *authv3.CheckRequest) (*authv3.CheckResponse, error) {
			return nil, status.Error(codes.Internal, "a secret")
		}, 1).isOwnReply(t, 503, "temporarily_unavailable")
	})
	t.Run("a header that is not the gate's", func(t *testing.T) {
		get(t, func(context.Context, *authv3.CheckRequest) (*authv3.CheckResponse, error) {
			return allowWith(option("x-other", "a")), nil
		}, 1).isOwnReply(t, 500, "server_error")
	})
	// To Envoy the zero answer is a yes: a gate must never give it. Where it does, no facts reach the upstream.
	t.Run("zero answer", func(t *testing.T) {
		answer := get(t, func(context.Context, *authv3.CheckRequest) (*authv3.CheckResponse, error) {
			return new(authv3.CheckResponse), nil
		}, 1)
		if facts := answer.seen(t).Header.Get("X-Dcr-Facts"); facts != "" {
			t.Errorf("have facts %q", facts)
		}
	})
}

// isGates checks that a refusal reached the client as the gate made it.
func (a answer) isGates(t *testing.T, status int) {
	t.Helper()
	if a.status != status || a.body != refusal {
		t.Errorf("have %d %s", a.status, a.body)
	}
	for _, option := range refusalHeaders() {
		want := option.GetHeader()
		if have := a.header.Values(want.GetKey()); len(have) != 1 || have[0] != want.GetValue() {
			t.Errorf("%s: have %q, want %q", want.GetKey(), have, want.GetValue())
		}
	}
	if a.header.Get("Date") == "" || a.header.Get("Server") != "" {
		t.Errorf("have %v", a.header)
	}
	a.isHardened(t)
}

// testProtocolErrors checks requests that one protocol answers and the other resets.
func (e *edge) testProtocolErrors(t *testing.T) {
	for _, c := range []struct {
		name, header string
		status       int // over HTTP/1.1; over HTTP/2 the stream is reset
		code         string
		only1        bool
	}{
		{name: "large header", header: "a: " + strings.Repeat("a", 40_000), status: 431, code: "request_too_large"},
		{name: "upgrade", header: "Upgrade: websocket", status: 403, code: "access_denied", only1: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e.gate.answers(allow)
			headers := []string{c.header}
			if c.only1 {
				headers = append(headers, "Connection: Upgrade")
			}
			ask(t, e.client(t, 1), "GET", e.mtls+"/keeps", nil, headers...).isOwnReply(t, c.status, c.code)
			if !c.only1 {
				e.isReset(t, c.header)
			}
			if have := len(e.gate.questions()); have != 0 {
				t.Errorf("the gate was asked %d times", have)
			}
		})
	}
}

func (e *edge) isReset(t *testing.T, line string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.mtls+"/keeps", nil)
	if err != nil {
		t.Fatal(err)
	}
	name, value, _ := strings.Cut(line, ": ")
	request.Header[name] = []string{value}
	if response, err := e.client(t, 2).Do(request); err == nil {
		response.Body.Close()
		t.Errorf("HTTP/2: have %d, want a reset", response.StatusCode)
	}
}
