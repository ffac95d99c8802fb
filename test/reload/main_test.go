// Package reload saves routes.yaml of a running world again and again and watches what its clients and its administrator
// see: a good file is active within a second, a bad one changes nothing. So it is with certificates, and when Envoy and
// the gate end and start again: no request fails that should not, and none is let through.
package reload

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// patience is how long a test waits for what has to happen. That a saved file is live within a second is measured by
// `make bench`: a test that fails beside other load would say nothing.
const patience = 20 * time.Second

var world *harness.World

// TestMain has one world for all tests, which follow each other: each leaves it with the routes it came with.
func TestMain(m *testing.M) {
	os.Exit(harness.Main(m, func(_ string, w *harness.World) { world = w }))
}

// original is the text of routes.yaml, which is put back when the test ends.
func original(t *testing.T) string {
	t.Helper()
	text, err := world.Routes()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := world.Install(context.Background(), text); err != nil {
			t.Error(err)
		}
	})
	return text
}

func save(t *testing.T, text string) {
	t.Helper()
	if err := world.SaveRoutes(text); err != nil {
		t.Fatal(err)
	}
}

// await asks for something until it is answered as wanted.
func await(t *testing.T, want int, ask func() *harness.Answer) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		answer := ask()
		if answer.Status == want {
			return
		}
		if time.Since(begun) > patience {
			t.Fatalf("%s, want %d", answer, want)
		}
	}
}

// route is a bank API in four lines.
func route(name string) string {
	return "\n  - {name: " + name + `, path: "/` + name + `/{Id}", methods: [GET], checks: [certificate, bearer, scope],` +
		"\n     scopes: [accounts], upstream: bank}\n"
}

const accounts = "/open-banking/v3.1/aisp/accounts"

// tokenless asks for a path without a token.
func tokenless(t *testing.T, r *harness.Registered, path string) *harness.Answer {
	t.Helper()
	return r.Send(t, http.MethodGet, world.MTLS()+path, "", "", false)
}
