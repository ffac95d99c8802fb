package envoy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/envoy"
)

// TestTreeInEnvoy asks a real Envoy for thousands of paths, and compares the routes it chooses with those of a list which
// is read from the top.
func TestTreeInEnvoy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		named  float64 // how many paths have a {Name}
		leaves int     // at least
		alone  bool    // there is but one leaf
	}{
		{"a tree", 0.3, 100, false},
		{"a list", 0.9, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(3, 4))
			e := newEdge(t)
			file := e.file(t, twoListeners+treeRoutes(overlapping(random, 150, c.named)))
			resources, err := envoy.Translate(file, e.options())
			if err != nil {
				t.Fatal(err)
			}
			if leaves := len(readTree(t, resources).leaves); leaves < c.leaves || (leaves == 1) != c.alone {
				t.Fatalf("there are %d leaves: the test does not show what it is to", leaves)
			}
			e.render(t, file)
			e.gate.answers(tell)
			e.compareAll(t, file, around(random, file.Routes, 2000))
		})
	}
}

// treeRoutes writes the rest of a routes.yaml.
func treeRoutes(all []routes.Route) string {
	var text strings.Builder
	text.WriteString("upstreams:\n  accounts: {address: \"unix:DIR/registry.sock\"}\nroutes:\n")
	for _, route := range all {
		fmt.Fprintf(&text, "  - {name: %s, path: %q, methods: [%s], public: true, upstream: accounts}\n", route.Name, route.Path, strings.Join(route.Methods, ", "))
	}
	return text.String()
}

// compareAll sends the requests, over HTTP/1.1 and HTTP/2 in turns.
func (e *edge) compareAll(t *testing.T, file *routes.File, requests []request) {
	t.Helper()
	clients := []*http.Client{e.client(t, 1), e.client(t, 2)}
	var chosen, asked atomic.Int32
	var senders sync.WaitGroup
	for sender := range 4 {
		senders.Go(func() {
			for n := sender; n < len(requests); n += 4 {
				met, ok := e.met(t, clients[n/4%2], requests[n])
				if !ok {
					continue
				}
				asked.Add(1)
				want := choice(file, requests[n].method, met.Path)
				if want[routes.ContextRoute] != "" {
					chosen.Add(1)
				}
				if !maps.Equal(met.Context, want) {
					t.Errorf("%s %s is %s for the gate, which is told %v, want %v", requests[n].method, requests[n].path, met.Path, met.Context, want)
				}
			}
		})
	}
	senders.Wait()
	if chosen.Load() < int32(len(requests)/5) || asked.Load() < int32(len(requests)*9/10) {
		t.Errorf("of %d requests the gate was asked about %d, and %d were for a route: the test shows too little", len(requests), asked.Load(), chosen.Load())
	}
}

// told is what the gate was told of a request.
type told struct {
	Path    string
	Context map[string]string
}

// tell refuses, and says in the answer what it was told.
func tell(ctx context.Context, asked *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	context := maps.Clone(asked.GetAttributes().GetContextExtensions())
	delete(context, routes.ContextListener)
	delete(context, routes.ContextVersion)
	body, err := json.Marshal(told{asked.GetAttributes().GetRequest().GetHttp().GetPath(), context})
	if err != nil {
		return nil, err
	}
	answer, err := deny(typev3.StatusCode_Forbidden)(ctx, asked)
	answer.GetDeniedResponse().Body = string(body)
	return answer, err
}

// met sends a request with its path as it is, and returns what the gate was told; not ok where Envoy refused it by itself.
func (e *edge) met(t *testing.T, client *http.Client, asked request) (told, bool) {
	t.Helper()
	target := asked.path
	if strings.HasPrefix(target, "//") { // net/http takes what follows for the host, unless it is
		target = "//" + host(e.mtls) + target
	}
	message := &http.Request{Method: asked.method, URL: &url.URL{Scheme: "https", Host: host(e.mtls), Opaque: target}}
	answer, err := do(client, message.WithContext(t.Context()))
	if err != nil {
		t.Errorf("%s %s: %v", asked.method, asked.path, err)
		return told{}, false
	}
	var met told
	if answer.status != http.StatusForbidden {
		return told{}, false
	}
	if err := json.Unmarshal([]byte(answer.body), &met); err != nil {
		t.Errorf("%s %s: %v: %q", asked.method, asked.path, err, answer.body)
	}
	return met, true
}
