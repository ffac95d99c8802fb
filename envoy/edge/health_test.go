package edge

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// healthOf asks an edge's health port: the status, and the body; 0 where nobody answers.
func healthOf(t *testing.T, e edge, method, path string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+e.Health+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Error(err)
	}
	return answer.StatusCode, string(body)
}

// until asks until the status is the wanted one.
func (e edge) until(t *testing.T, path string, want int) string {
	t.Helper()
	var status int
	var body string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if status, body = healthOf(t, e, http.MethodGet, path); status == want {
			return body
		}
	}
	t.Fatalf("%s: have %d %s, want %d", path, status, body, want)
	return ""
}

func TestHealth(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.Health = fmt.Sprintf("127.0.0.1:%d", freePort(t))
	end, ended := e.begin(t, usual)
	e.until(t, "/readyz", http.StatusOK)
	if status, body := healthOf(t, e, http.MethodGet, "/healthz"); status != http.StatusOK || body != `{"status":"ok"}`+"\n" {
		t.Errorf("/healthz: have %d %s", status, body)
	}
	if _, body := healthOf(t, e, http.MethodGet, "/metrics"); !strings.Contains(body, "# TYPE envoy_server_live gauge") {
		t.Errorf("/metrics: have %.300q", body)
	}
	for _, c := range []struct{ method, path string }{
		{"POST", "/quitquitquit"}, {"GET", "/config_dump"}, {"GET", "/"}, {"POST", "/healthz"}, {"POST", "/readyz"}, {"GET", "/metrics/../config_dump"},
	} {
		if status, _ := healthOf(t, e, c.method, c.path); status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
			t.Errorf("%s %s: have %d", c.method, c.path, status)
		}
	}

	c := ask(t, e.url, 1, 100*time.Millisecond) // so that draining takes a while
	end()
	body := e.until(t, "/readyz", http.StatusServiceUnavailable)
	if want := `{"status":"unavailable","why":"envoy is DRAINING"}` + "\n"; body != want {
		t.Errorf("while it drains: have %s, want %s", body, want)
	}
	if status, _ := healthOf(t, e, http.MethodGet, "/healthz"); status != http.StatusOK {
		t.Errorf("while it drains /healthz is %d", status)
	}
	c.stop()
	if err := within(t, ended); err != nil {
		t.Error(err)
	}
	if status, body := healthOf(t, e, http.MethodGet, "/healthz"); status != 0 {
		t.Errorf("after the end: have %d %s", status, body)
	}
}

// A frozen Envoy is dead, and one that goes on is alive.
func TestHealthOfAFrozenEnvoy(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.Health = fmt.Sprintf("127.0.0.1:%d", freePort(t))
	file := t.TempDir() + "/pid"
	e.Argv = append([]string{"sh", "-c", `echo $$ >` + file + `; exec "$0" "$@"`}, e.Argv...)
	e.begin(t, swift)
	e.until(t, "/healthz", http.StatusOK)
	pid := readPID(t, file)
	signalTo(t, pid, syscall.SIGSTOP)
	for path, want := range map[string]string{"/healthz": "does not answer", "/readyz": "does not answer", "/metrics": "cannot be read"} {
		if body := e.until(t, path, http.StatusServiceUnavailable); !strings.Contains(body, want) {
			t.Errorf("%s: have %s, want %s", path, body, want)
		}
	}
	signalTo(t, pid, syscall.SIGCONT)
	e.until(t, "/healthz", http.StatusOK)
	e.until(t, "/readyz", http.StatusOK)
}

func TestHealthNeedsAFreePort(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.Health = "127.0.0.1:99999"
	_, ended := e.begin(t, usual)
	if err := within(t, ended); err == nil || !strings.Contains(err.Error(), "99999") {
		t.Errorf("have %v", err)
	}
}

func readPID(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// signalTo sends a signal to the Envoy of this test.
func signalTo(t *testing.T, pid int, signal syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, signal); err != nil {
		t.Fatal(err)
	}
}
