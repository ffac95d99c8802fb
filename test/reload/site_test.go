package reload

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const (
	siteHeader      = "X-Site"      // of every answer of a site, so that a response of the gateway is not taken for it
	tokenlessHeader = "X-Tokenless" // of every request without a token
)

// A site is a bank API of the test's own. It answers 200 to whatever reaches it, after a while where the query asks for
// that, and counts what never should have reached it.
type site struct {
	address     string
	served      atomic.Int64
	trespassers atomic.Int64 // requests without a token
}

func newSite(t *testing.T) *site {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{address: listener.Addr().String()}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // until the test ends
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-served
	})
	return s
}

// ServeHTTP implements http.Handler.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.served.Add(1); r.Header.Get(tokenlessHeader) != "" {
		s.trespassers.Add(1)
	}
	_, _ = io.Copy(io.Discard, r.Body) // the gateway has gone
	if wait, err := time.ParseDuration(r.URL.Query().Get("wait")); err == nil {
		time.Sleep(wait)
	}
	w.Header().Set(siteHeader, "here")
	_, _ = io.WriteString(w, "here\n")
}

// upstream is a line of routes.yaml.
func (s *site) upstream(name string) string {
	return fmt.Sprintf("  %s: {address: %q, timeout: 5s}\n", name, s.address)
}

// siteRoute is a route to a site: a bank API that needs a token.
func siteRoute(name, upstream string) string {
	return fmt.Sprintf("  - {name: %s, path: %q, methods: [GET, POST], checks: [certificate, bearer, scope], scopes: [accounts], upstream: %s}\n",
		name, "/"+name+"/{Id}", upstream)
}

var limits = regexp.MustCompile(`\{per_source: [^}]*\}`)

// extended is a routes.yaml with more upstreams and more routes, and with rate limits that no test reaches.
func extended(t *testing.T, text, upstreams, routes string) string {
	t.Helper()
	const upstreamsKey = "upstreams:\n"
	if !limits.MatchString(text) || strings.Count(text, upstreamsKey) != 1 {
		t.Fatal("the world's routes.yaml is not as it was")
	}
	text = limits.ReplaceAllString(text, "{per_source: 500000/s, per_client: 500000/s}")
	return strings.Replace(text, upstreamsKey, upstreamsKey+upstreams, 1) + routes
}

// install saves a routes.yaml that is good, and returns when it is active in gate and Envoy.
func install(t *testing.T, text string) {
	t.Helper()
	if err := world.Install(context.WithoutCancel(t.Context()), text); err != nil {
		t.Fatal(err)
	}
}
