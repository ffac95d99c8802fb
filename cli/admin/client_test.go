package admin

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/control"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/registry"
	"github.com/dcr-gateway/dcr-gateway/envoy/xds"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// serve answers as a gate's admin server, on a Unix socket, and returns its address.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gate") // a socket's path must be short
	ok(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	listener, err := net.Listen("unix", path)
	ok(t, err)
	server := &http.Server{Handler: handler}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return "unix:" + path
}

// say answers one question and refuses others.
func say(t *testing.T, question string, answer any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if asked := r.Method + " " + r.URL.RequestURI(); asked != question {
			t.Errorf("asked %s, not %s", asked, question)
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}
}

// ago is some time before now, in the middle of a second.
func ago(d time.Duration) time.Time { return time.Now().Add(-d - 500*time.Millisecond) }

func TestStatus(t *testing.T) {
	well := serve(t, say(t, "GET /status", control.Status{
		Version: "0123456789abcdef", Since: ago(12 * time.Second), Routes: 7, Entry: 4, Source: control.FromFile, Healthy: true, Reloads: 4, Refusals: 1,
		File: control.FileStatus{Path: "/etc/routes.yaml", Version: "0123456789abcdef"}, Known: []string{"0123456789abcdef", "fedcba9876543210"},
		Envoys: []xds.Envoy{{ID: "dcr-gateway", Since: ago(200 * time.Minute), Types: map[string]xds.Ack{
			"routes":  {Version: "0123456789abcdef", At: ago(11 * time.Second)},
			"secrets": {},
		}}},
	}))
	when := ago(time.Minute)
	ill := serve(t, say(t, "GET /status", control.Status{
		Version: "aaaa", Since: ago(50 * time.Hour), Routes: 1, Entry: 2, Source: control.FromHistory, Why: "the file on disk is not active",
		LastError: "a\nb", LastErrorAt: &when, Refusals: 2, Reloads: 1,
		File: control.FileStatus{Path: "routes.yaml", Version: "bbbb", Refused: "1 of its lines is at fault", Problems: yamlfile.Problems{
			{ID: "route.upstream", Severity: yamlfile.Error, File: "routes.yaml", Line: 3, Column: 5, Where: "routes[0].upstream", What: "no upstream has the name", Text: "    upstream: x"},
		}},
		Envoys: []xds.Envoy{{ID: "e", Since: ago(0), Types: map[string]xds.Ack{"listeners": {Version: "aaaa", At: ago(0), Refused: "no such filter"}}}},
	}))
	fresh := serve(t, say(t, "GET /status", control.Status{Why: "nothing is active", File: control.FileStatus{Path: "r.yaml", Refused: "it cannot be read"}}))
	warns := serve(t, say(t, "GET /status", control.Status{
		Version: "cccc", Since: ago(0), Routes: 2, Entry: 3, Rollback: 3, Source: control.FromHistory, Healthy: true,
		File: control.FileStatus{Path: "r.yaml", Warnings: yamlfile.Problems{{ID: "plan.unused", Severity: yamlfile.Warning, Where: "plans.x", What: "no route"}}},
	}))
	behind := serve(t, say(t, "GET /status", registry.Status{
		Why:      "a version cannot be served in full",
		Versions: []registry.VersionStatus{{Version: "aaaa", Asked: ago(0)}, {Version: "bbbb", Asked: ago(time.Minute), Fault: "there are no keys"}},
		Orphans:  config.OrphanStatus{Requests: 2, Missing: []string{"profile gone"}},
	}))
	for _, test := range []struct {
		name, gate string
		code       int
		want       string
	}{
		{"a registry", behind, 1, `
  health   UNHEALTHY: a version cannot be served in full
  version  aaaa, last requested 0s ago
  version  bbbb, last requested 1m0s ago: there are no keys
  orphans  2 requests FAILED: the file lacks what clients are registered under: profile gone
`},
		{"well", well, 0, `
  version      0123456789abcdef, 7 routes, for 12s, from the file, entry 4
  health       healthy
  file         /etc/routes.yaml, active
  since start  4 versions activated, 1 rejected
  decides under  0123456789abcdef, fedcba9876543210
  envoy        dcr-gateway, connected for 3h20m
    routes     0123456789abcdef, acknowledged 11s ago
    secrets    nothing acknowledged yet
`},
		{"ill", ill, 1, `
  version      aaaa, 1 route, for 2d2h, from the history, entry 2: the last good one
  health       UNHEALTHY: the file on disk is not active
  file         routes.yaml, version bbbb, IS NOT ACTIVE: 1 of its lines is at fault
  last error   1m0s ago: a b
  since start  1 version activated, 2 rejected
  envoy        e, connected for 0s
    listeners  aaaa, acknowledged 0s ago; REFUSED since: no such filter
    routes.yaml:3:5: error: routes[0].upstream: no upstream has the name [route.upstream]
        3 |     upstream: x
          |     ^
`},
		{"without a version", fresh, 1, `
  version      none active
  health       UNHEALTHY: nothing is active
  file         r.yaml, version unknown, IS NOT ACTIVE: it cannot be read
  since start  0 versions activated, 0 rejected
`},
		{"rolled back", warns, 0, `
  version      cccc, 2 routes, for 0s, rolled back to entry 3
  health       healthy
  file         r.yaml, active, 1 warning
  since start  0 versions activated, 0 rejected
    warning: plans.x: no route [plan.unused]
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, code := run(t, "status", "--gate", test.gate)
			if code != test.code || stderr != "" {
				t.Errorf("code %d, %s", code, stderr)
			}
			// How wide the first column is, is not what is tested.
			have, want := strings.Fields(stdout), strings.Fields("gate "+test.gate+test.want)
			if strings.Join(have, " ") != strings.Join(want, " ") {
				t.Errorf("have:\n%s\nwant:\n%s", stdout, test.want)
			}
		})
	}
	t.Run("all, and one that is not there", func(t *testing.T) {
		none := "unix:" + filepath.Join(t.TempDir(), "none")
		stdout, _, code := run(t, "status", "--gate", none, "--gate", well)
		if code != 1 || !strings.HasPrefix(stdout, "gate "+none+"\n  cannot be reached: no such file or directory\ngate "+well+"\n  version") {
			t.Errorf("code %d, %s", code, stdout)
		}
		stdout, _, code = run(t, "status", "--output", "json", "--gate", none, "--gate", well)
		var answer statuses
		ok(t, json.Unmarshal([]byte(stdout), &answer))
		if code != 1 || answer.Gates[0].Said != nil || answer.Gates[0].Error == "" || answer.Gates[1].Said.Envoys[0].Types["routes"].Version != "0123456789abcdef" {
			t.Errorf("code %d, %s", code, stdout)
		}
	})
}

func TestHistory(t *testing.T) {
	late, early := ago(5*time.Second), ago(26*time.Hour)
	gate := serve(t, say(t, "GET /history", []control.Entry{
		{N: 12, Version: "bbbb", Time: late, Note: "saved", Live: true},
		{N: 3, Version: "aaaa", Time: early, Note: "saved"},
	}))
	empty := serve(t, say(t, "GET /history", []control.Entry(nil)))
	stdout, stderr, code := run(t, "history", "--gate", gate, "--gate", empty)
	want := "gate " + gate + `
  N   version  saved                 age   note
  12  bbbb     ` + late.UTC().Format(time.RFC3339) + `  5s    saved (active)
  3   aaaa     ` + early.UTC().Format(time.RFC3339) + `  1d2h  saved
gate ` + empty + `
  N  version  saved  age  note
`
	if code != 0 || stderr != "" || stdout != want {
		t.Errorf("code %d, %s, have:\n%s\nwant:\n%s", code, stderr, stdout, want)
	}
}

func TestRollback(t *testing.T) {
	gate := serve(t, say(t, "POST /rollback?n=3", control.Status{Version: "aaaa", Since: ago(0), Routes: 1, Rollback: 3}))
	if stdout, stderr, code := run(t, "rollback", "3", "--gate", gate); code != 0 || !strings.Contains(stdout, "aaaa, 1 route, for 0s, rolled back to entry 3") {
		t.Errorf("code %d, %s, %s", code, stdout, stderr)
	}
	for _, test := range []struct {
		name, body, want string
		code             int
	}{
		{"no such entry", `{"error":"the history has no such entry"}`, "answers 404 Not Found: the history has no such entry", 404},
		{"not a gate", "nothing here\n", "answers 404 Not Found: nothing here", 404},
		{"another program", "<html>", "the answer is not from this version of dcr-gateway", 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			gate := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.code)
				w.Write([]byte(test.body))
			})
			if stdout, _, code := run(t, "rollback", "--gate", gate, "3"); code != 1 || stdout != "gate "+gate+"\n  "+test.want+"\n" {
				t.Errorf("code %d, %s", code, stdout)
			}
		})
	}
}

// TestDefaultGate: without a flag, the socket of a gate that runs in the same folder is asked.
func TestDefaultGate(t *testing.T) {
	t.Chdir(t.TempDir())
	if stdout, _, code := run(t, "status"); code != 1 || !strings.HasPrefix(stdout, "gate "+defaultGate.String()+"\n  cannot be reached: ") {
		t.Errorf("code %d, %s", code, stdout)
	}
}

func TestAge(t *testing.T) {
	now := time.Now()
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 12 * time.Second: "12s", 200 * time.Second: "3m20s", 5*time.Hour + 2*time.Minute: "5h2m", 103 * time.Hour: "4d7h",
	} {
		if have := age(now, now.Add(-d)); have != want {
			t.Errorf("%s: have %s, want %s", d, have, want)
		}
	}
}
