package envoy_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
)

const bodyRoutes = twoListeners + `
upstreams:
  registry: {address: "unix:DIR/registry.sock"}
  bank: {address: "unix:DIR/registry.sock"}
routes:
  - {name: upload, path: /upload, methods: [POST], checks: [certificate, bearer], upstream: bank, body_limit: 1024KiB}
  - {name: large, path: /large, methods: [POST], checks: [certificate, bearer], upstream: bank, body_limit: 10240KiB}
  - {name: held, path: /held, methods: [POST], checks: [certificate, bearer], upstream: bank, body_limit: 256KiB}
  - {name: not-held, path: /not-held, methods: [POST], checks: [certificate, bearer], upstream: bank, body_limit: 257KiB}
  - {name: small, path: /small, methods: [POST], checks: [certificate, bearer], upstream: bank, body_limit: 512B}
  - {name: register, path: /register, methods: [POST], checks: [certificate, statement], profile: obie-3.3, endpoint: registration}
`

// TestBodies checks that bodies are bounded, and that the gate is not shown large ones, nor asked to wait for them.
func TestBodies(t *testing.T) {
	t.Parallel()
	e := startEdge(t, bodyRoutes)
	for _, version := range []int{1, 2} {
		client := e.client(t, version)
		e.testBodySizes(t, client)
		e.testRefusedBody(t, client)
	}
}

func (e *edge) testBodySizes(t *testing.T, client *http.Client) {
	for _, c := range []struct {
		name, path string
		size       int
		status     int
	}{
		{"nothing", "/upload", 0, 200},
		{"900 KiB", "/upload", 900 << 10, 200},
		{"the limit", "/upload", 1 << 20, 200},
		{"a byte more", "/upload", 1<<20 + 1, 413},
		{"much more", "/upload", 3 << 20, 413},
		{"10 MiB", "/large", 10 << 20, 200},
		{"more than 10 MiB", "/large", 10<<20 + 1, 413},
		{"512 B", "/small", 512, 200},
		{"513 B", "/small", 513, 413},
		{"just held", "/held", 256 << 10, 200},
		{"too large to be held", "/held", 256<<10 + 1, 413},
		{"just not held", "/not-held", 257 << 10, 200},
		{"a byte more than not held", "/not-held", 257<<10 + 1, 413},
		{"of an endpoint", "/register", 64 << 10, 200},
		{"too large for an endpoint", "/register", 64<<10 + 1, 413},
	} {
		for _, length := range []string{"its length", "no length"} {
			e.gate.answers(slowly)
			var body io.Reader = bytes.NewReader(make([]byte, c.size))
			if length == "no length" {
				body = io.MultiReader(body)
			}
			before := e.registry.calls.Load()
			answer := ask(t, client, "POST", e.mtls+c.path, body)
			if answer.status != c.status || (e.registry.calls.Load() > before) != (c.status == http.StatusOK) {
				t.Errorf("%s with %s: have %d, want %d", c.name, length, answer.status, c.status)
			} else if c.status == http.StatusOK && answer.seen(t).Length != c.size {
				t.Errorf("%s with %s: the upstream got %d bytes", c.name, length, answer.seen(t).Length)
			}
			for _, question := range e.gate.questions() {
				shown := len(question.GetAttributes().GetRequest().GetHttp().GetRawBody())
				if shown > 0 && c.size > 256<<10 {
					t.Errorf("%s with %s: the gate was shown %d bytes", c.name, length, shown)
				}
			}
		}
	}
}

// slowly lets a request on after a while, so that all of it arrives that Envoy reads meanwhile. As our gate does it
// refuses a body that it is not shown whole.
func slowly(ctx context.Context, request *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	time.Sleep(20 * time.Millisecond)
	if slices.Contains(header(request, "x-envoy-auth-partial-body"), "true") {
		return deny(typev3.StatusCode_PayloadTooLarge)(ctx, request)
	}
	return allow(ctx, request)
}

// testRefusedBody checks that a request which the gate refuses is answered before its body is there: it never is.
func (e *edge) testRefusedBody(t *testing.T, client *http.Client) {
	e.gate.answers(deny(typev3.StatusCode_Unauthorized))
	body, writer := io.Pipe()
	defer writer.Close()
	go writer.Write(make([]byte, 100))
	ask(t, client, "POST", e.mtls+"/upload", body).isGates(t, http.StatusUnauthorized)
}
