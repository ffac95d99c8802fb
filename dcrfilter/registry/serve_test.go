package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

func TestServeFinishesWhatIsUnderWay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.sock")
	listener, err := socket.Listen(t.Context(), "unix:"+path)
	if err != nil {
		t.Fatal(err)
	}
	begun, finish := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-finish
		_, _ = io.WriteString(w, "done")
	})
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, listener, handler, slog.New(slog.DiscardHandler)) }()
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
	answered := make(chan string, 1)
	go func() {
		response, err := client.Get("http://registry/")
		if err != nil {
			answered <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		answered <- string(body)
	}()
	<-begun
	stop()
	for begun := time.Now(); time.Since(begun) < 5*time.Second; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(path); os.IsNotExist(err) {
			break // nobody new can come
		}
	}
	close(finish)
	if got := <-answered; got != "done" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", fs.ErrExist)
	}
}

func TestOneLinePerRequest(t *testing.T) {
	w := newWorld(t)
	s := newSoftware()
	id := w.register(s, nil)
	compact := w.newToken(id)
	w.form("revoke", id, "token="+compact)
	w.post(s, nil)
	w.do(call{route: "none", method: "GET", target: "/jwks"})
	want := []struct {
		route, outcome, rule, client string
		status                       float64
	}{
		{"register", "done", "", id, 201}, {"token", "done", "", id, 200}, {"revoke", "done", "", id, 200},
		{"register", "refused", "software.duplicate", "", 400}, {"none", "refused", "facts.route", "", 403},
	}
	lines := bytes.Split(bytes.TrimSpace(w.log.text.Bytes()), []byte("\n"))
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(want), w.log.text.String())
	}
	for i, line := range lines {
		var got map[string]any
		w.must(json.Unmarshal(line, &got))
		rule, _ := got["rule"].(string)
		client, _ := got["client"].(string)
		if got["route"] != want[i].route || got["outcome"] != want[i].outcome || rule != want[i].rule || got["status"] != want[i].status || client != want[i].client {
			t.Errorf("line %d is %s, want %+v", i, line, want[i])
		}
		if id, _ := got["id"].(string); id == "" || got["version"] != versionID || got["took_us"] == nil {
			t.Errorf("line %d lacks something: %s", i, line)
		}
	}
	for _, part := range strings.Split(compact, ".") {
		if bytes.Contains(w.log.text.Bytes(), []byte(part)) {
			t.Error("a part of a token is in the log")
		}
	}
}
