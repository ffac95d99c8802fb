package edge

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/sandbox/bank"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// idHeader names a request, so that the bank's side of it is found.
const idHeader = "x-test"

// A recorder is a bank that says yes to everything, and remembers what reached it.
type recorder struct {
	mu  sync.Mutex
	got map[string][]received // by the request's name
}

// received is what reached the bank.
type received struct {
	method, target, host string
	header               http.Header
}

// route is that under which the gate has let the request on, as its facts say.
func (r received) route(t *testing.T) string {
	t.Helper()
	facts := r.header.Get("X-Dcr-Facts")
	harness.Remember(facts)
	_, rest, _ := strings.Cut(facts, ".")
	claims, _, _ := strings.Cut(rest, ".")
	text, err := base64.RawURLEncoding.DecodeString(claims)
	if err != nil {
		t.Fatal(err)
	}
	var said struct{ Route string }
	if err := json.Unmarshal(text, &said); err != nil {
		t.Fatal(err)
	}
	return said.Route
}

// record takes the bank's place until the test ends.
func record(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{got: map[string][]received{}}
	release := world.Impersonate(t, harness.Bank, r)
	t.Cleanup(func() {
		release()
		if err := world.Restart(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r
}

// ServeHTTP implements http.Handler.
func (r *recorder) ServeHTTP(_ http.ResponseWriter, request *http.Request) {
	if request.URL.Path == bank.HealthPath {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	id := request.Header.Get(idHeader)
	r.got[id] = append(r.got[id], received{request.Method, request.RequestURI, request.Host, request.Header})
}

// take returns what reached the bank of a request, and forgets it.
func (r *recorder) take(id string) []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.got[id]
	delete(r.got, id)
	return got
}

// unasked is how many requests have reached the bank that nobody has asked after.
func (r *recorder) unasked() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.got)
}
