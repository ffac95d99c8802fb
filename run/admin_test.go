package run

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestWhoMayOpenTheSockets: Envoy, another user of the same group, needs the gate, its configuration and the registry. The
// admin interface is the operator's alone.
func TestWhoMayOpenTheSockets(t *testing.T) {
	w := newWorld(t)
	w.start("registry", Registry())
	w.gate("gate")
	for name, want := range map[string]fs.FileMode{
		"gate": 0o660, "gate-xds": 0o660, "registry": 0o660, "gate-admin": 0o600, "registry-admin": 0o600,
	} {
		if info, err := os.Stat(filepath.Join(w.dir, name+".sock")); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v, want %v", name, info.Mode().Perm(), err, want)
		}
	}
}

// TestAdminIsNoWebSite: a page in the operator's browser that reaches the admin interface, by a proxy or a tunnel, can do
// nothing there: browsers send Origin with every request that changes something, and the host of the page with the others.
func TestAdminIsNoWebSite(t *testing.T) {
	w := newWorld(t)
	w.start("registry", Registry())
	w.gate("gate")
	for _, part := range []string{"gate-admin", "registry-admin"} {
		for _, test := range []struct {
			name, method, path, host, origin string
			status                           int
		}{
			{"our tools", http.MethodGet, "/status", "localhost", "", http.StatusOK},
			{"curl with a port", http.MethodGet, "/status", "localhost:80", "", http.StatusOK},
			{"a probe", http.MethodGet, "/readyz", "localhost", "", http.StatusOK},
			{"another site", http.MethodPost, "/rollback?n=1", "localhost", "https://evil.example", http.StatusForbidden},
			{"a page without an origin of its own", http.MethodPost, "/rollback?n=1", "localhost", "null", http.StatusForbidden},
			{"a page of its own", http.MethodGet, "/status", "localhost", "http://localhost", http.StatusForbidden},
			{"a name that resolves to it", http.MethodGet, "/status", "evil.example", "", http.StatusForbidden},
			{"the same on another path", http.MethodPost, "/rollback?n=1", "evil.example", "", http.StatusForbidden},
		} {
			request, err := http.NewRequestWithContext(t.Context(), test.method, "http://localhost"+test.path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			request.Host = test.host
			if test.origin != "" {
				request.Header.Set("Origin", test.origin)
			}
			if status := w.ask(part, request, nil); status != test.status {
				t.Errorf("%s, %s: %d, want %d", part, test.name, status, test.status)
			}
		}
	}
}

// TestLogsAreReopened: a log that was renamed is followed by a new one, and a part survives the signal.
func TestLogsAreReopened(t *testing.T) {
	w := newWorld(t)
	w.start("registry", Registry())
	w.gate("gate")
	for _, part := range []string{"gate", "registry"} {
		must(t, os.Rename(filepath.Join(w.dir, part+".log"), filepath.Join(w.dir, part+".log.1")))
	}
	must(t, syscall.Kill(os.Getpid(), syscall.SIGHUP))
	for _, part := range []string{"gate", "registry"} {
		for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
			if info, err := os.Stat(filepath.Join(w.dir, part+".log")); err == nil {
				if info.Mode().Perm()&^0o640 != 0 {
					t.Errorf("the mode of the %s's log is %v", part, info.Mode())
				}
				break
			} else if time.Since(begun) > 10*time.Second {
				t.Fatalf("the %s's log was not reopened: %v", part, err)
			}
		}
	}
}
