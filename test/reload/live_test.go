package reload

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// A new bank API is there within a second and gone within a second, and no connection notices.
func TestARouteComesAndGoes(t *testing.T) {
	text := original(t)
	r := world.Register(t, harness.Order{})
	if answer := tokenless(t, r, "/fx/1"); answer.Status != http.StatusNotFound {
		t.Fatalf("before: %s, want 404", answer)
	}
	save(t, text+route("fx"))
	await(t, http.StatusUnauthorized, func() *harness.Answer { return tokenless(t, r, "/fx/1") })
	if !reused(t, r, world.MTLS()+accounts) {
		t.Error("a change of routes alone has closed a connection")
	}
	save(t, text)
	await(t, http.StatusNotFound, func() *harness.Answer { return tokenless(t, r, "/fx/1") })
	if !reused(t, r, world.MTLS()+accounts) {
		t.Error("a change of routes alone has closed a connection")
	}
}

// reused says whether a request finds the connection of the one before.
func reused(t *testing.T, r *harness.Registered, url string) (again bool) {
	t.Helper()
	trace := &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) { again = got.Reused }}
	request, err := harness.NewRequest(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, url, "", "")
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+r.Token)
	answer, err := harness.Do(r.HTTP, request)
	if err != nil || answer.Status != http.StatusOK {
		t.Fatalf("%s, %v", answer, err)
	}
	return again
}

// What is refused says where, and the previous version keeps serving.
func TestABadFileChangesNothing(t *testing.T) {
	text := original(t)
	r := world.Register(t, harness.Order{})
	before, err := world.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, text string
		ids        []string
	}{
		{"a syntax error", text + "\n  - {name: x, path: [\n", []string{"yaml.syntax"}},
		{"an unknown key", text + strings.Replace(route("fx"), "upstream", "upstrem", 1), []string{"key.unknown"}},
		{"a wrong type", text + strings.Replace(route("fx"), "[GET]", "{GET: 1}", 1), []string{"value.type"}},
		{"a missing upstream", text + strings.Replace(route("fx"), "bank", "banc", 1), []string{"route.upstream"}},
		{"two at once", text + strings.Replace(route("fx"), "bank", "banc", 1) + strings.Replace(route("fy"), "scopes:", "scope:", 1), []string{"key.unknown"}},
		{"an unknown scope", text + strings.Replace(route("fx"), "scopes: [accounts]", "scopes: [acounts]", 1), []string{"scope.unknown"}},
		{"half of it", text[:len(text)/2], nil},
		{"nothing", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			save(t, test.text)
			status, err := world.AwaitStatus(t.Context(), patience, func(s *harness.Status) bool {
				return s.File.Refused != "" && (len(test.ids) == 0 || has(s, test.ids))
			})
			if err != nil {
				t.Fatal(err)
			}
			if status.Version != before.Version || status.Healthy {
				t.Errorf("active is %s, want %s; healthy %v", status.Version, before.Version, status.Healthy)
			}
			for _, problem := range status.File.Problems {
				if test.text != "" && (problem.Line == 0 || problem.Column == 0) {
					t.Errorf("%s has no place: %d:%d %s", problem.ID, problem.Line, problem.Column, problem.What)
				}
			}
			if answer := r.Get(t, world.MTLS()+accounts); answer.Status != http.StatusOK {
				t.Errorf("the version before does not serve: %s", answer)
			}
			if metrics, err := world.AskGate(t.Context(), http.MethodGet, "/metrics"); err != nil || !strings.Contains(string(metrics), "dcr_routes_file_refused 1") {
				t.Errorf("the metrics do not say so: %v", err)
			}
		})
	}
	save(t, text)
	if _, err := world.AwaitStatus(t.Context(), patience, (*harness.Status).InForce); err != nil {
		t.Error(err)
	}
}

func has(s *harness.Status, ids []string) bool {
	for _, id := range ids {
		found := false
		for _, problem := range s.File.Problems {
			found = found || problem.ID == id
		}
		if !found {
			return false
		}
	}
	return true
}

// What only Envoy can find is taken back in both; the next good file is taken.
func TestEnvoyRefuses(t *testing.T) {
	text := original(t)
	r := world.Register(t, harness.Order{})
	before, err := world.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	listener := fmt.Sprintf("listeners:\n  third: {address: %q, url: https://127.0.0.1:1, certificate: tls/server.pem, key: tls/server.key, client_certificate: none}\n", taken.Addr())
	save(t, strings.Replace(text, "listeners:\n", listener, 1)+route("fx"))
	status, err := world.AwaitStatus(t.Context(), patience, func(s *harness.Status) bool { return strings.Contains(s.File.Refused, "envoy rejects") })
	if err != nil {
		t.Fatal(err)
	}
	if status.Version != before.Version {
		t.Errorf("active is %s, want %s", status.Version, before.Version)
	}
	if answer := tokenless(t, r, "/fx/1"); answer.Status != http.StatusNotFound {
		t.Errorf("a route of the refused version: %s, want 404", answer)
	}
	if answer := r.Get(t, world.MTLS()+accounts); answer.Status != http.StatusOK {
		t.Errorf("the version before does not serve: %s", answer)
	}
	save(t, text+route("fy"))
	await(t, http.StatusUnauthorized, func() *harness.Answer { return tokenless(t, r, "/fy/1") })
}

// A gate that is started with a broken file on the disk starts on the last good one.
func TestTheLastGoodVersionSurvives(t *testing.T) {
	text := original(t)
	r := world.Register(t, harness.Order{})
	before, err := world.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	save(t, "routes: [\n")
	if _, err := world.AwaitStatus(t.Context(), patience, func(s *harness.Status) bool { return s.File.Refused != "" }); err != nil {
		t.Fatal(err)
	}
	if err := world.Kill(harness.Gate); err != nil {
		t.Fatal(err)
	}
	if err := world.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	status, err := world.AwaitStatus(t.Context(), patience, func(s *harness.Status) bool { return s.Source == "history" })
	if err != nil || status.Version != before.Version || status.Healthy {
		t.Fatalf("%+v, %v: want %s, and not healthy", status, err, before.Version)
	}
	await(t, http.StatusOK, func() *harness.Answer { return r.Get(t, world.MTLS()+accounts) })
	ready, err := world.AskGate(t.Context(), http.MethodGet, "/readyz")
	if err != nil || !strings.Contains(string(ready), "degraded") {
		t.Errorf("readyz says %s, %v", ready, err)
	}
	log, err := os.ReadFile(world.Path(world.File.Logs.Gate))
	if err != nil || !strings.Contains(string(log), "started on the last good version") {
		t.Errorf("the log does not say so: %v", err)
	}
	save(t, text)
	if _, err := world.AwaitStatus(t.Context(), patience, (*harness.Status).InForce); err != nil {
		t.Error(err)
	}
}

// A version of the history is active until the file is saved again.
func TestRollback(t *testing.T) {
	text := original(t)
	r := world.Register(t, harness.Order{})
	before, err := world.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	save(t, text+route("fx"))
	await(t, http.StatusUnauthorized, func() *harness.Answer { return tokenless(t, r, "/fx/1") })
	if _, err := world.AskGate(t.Context(), http.MethodPost, fmt.Sprintf("/rollback?n=%d", before.Entry)); err != nil {
		t.Fatal(err)
	}
	await(t, http.StatusNotFound, func() *harness.Answer { return tokenless(t, r, "/fx/1") })
	status, err := world.Status(t.Context())
	if err != nil || status.Rollback != before.Entry || status.Version != before.Version {
		t.Errorf("%+v, %v", status, err)
	}
	save(t, text+route("fy"))
	await(t, http.StatusUnauthorized, func() *harness.Answer { return tokenless(t, r, "/fy/1") })
}
