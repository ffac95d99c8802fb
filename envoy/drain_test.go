package envoy_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/envoy"
)

const drainRoutes = twoListeners + `
upstreams:
  registry: {address: "unix:DIR/registry.sock"}
  bank: {address: "BANK", timeout: 8s}
plans:
  hourly: {per_client: 2/h}
routes:
  - {name: a, path: /a, methods: [GET], checks: [certificate, bearer], upstream: bank}
  - {name: hold, path: "/hold/{Id}", methods: [GET], checks: [certificate, bearer], upstream: bank}
`

// TestDraining changes routes and then listeners while requests are under way: the former touches no connection, the
// latter lets each of them end with the answer that it owes, and all of them within the drain time.
func TestDraining(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	held := &holding{next: e.registry, began: make(chan string, 2), release: make(chan struct{})}
	words := []string{"BANK", startServer(t, nil, held)}
	file := e.file(t, drainRoutes, words...)
	bootstrap, err := envoy.Bootstrap(file, e.options())
	if err != nil {
		t.Fatal(err)
	}
	e.start(t, bootstrap)
	p := startPublisher(t, filepath.Join(e.dir, "xds.sock"))
	p.publish(t, e, file)
	if !e.waitFor(t, "/ready", "LIVE") {
		t.Fatal("envoy is not ready")
	}
	idle, busy, unused, multiplexed := e.dial(t), e.dial(t), e.dial(t), e.client(t, 2)
	idle.get(t, "/a", false)
	e.reuses(t, multiplexed, "/a")

	fresh := e.client(t, 1)
	finish := e.hold(t, held, busy, multiplexed)
	p.publish(t, e, e.file(t, changed(drainRoutes), words...))
	eventually(t, "the new route", func() bool { return e.get(t, fresh, "/b", "").status == http.StatusOK })
	finish(false)
	idle.get(t, "/b", false)
	if !e.reuses(t, multiplexed, "/b") {
		t.Error("a change of routes has closed a connection of HTTP/2")
	}

	finish = e.hold(t, held, busy, multiplexed)
	begun := time.Now()
	p.publish(t, e, e.file(t, strings.ReplaceAll(changed(drainRoutes), "plans:", "edge: {max_headers: 30}\nplans:"), words...))
	eventually(t, "the new listener", func() bool { return e.dial(t).refuses(t) })
	time.Sleep(300 * time.Millisecond) // they are under way still
	finish(true)
	idle.get(t, "/b", true)
	eventually(t, "another connection of HTTP/2", func() bool { return !e.reuses(t, multiplexed, "/b") })
	for _, old := range []*line{idle, busy, unused} { // where the client does not close it, as it was told to
		old.ends(t)
	}
	if took := time.Since(begun); took < drainTime-200*time.Millisecond {
		t.Errorf("the last of the old connections was closed after %v, want %v", took, drainTime)
	}
	e.dial(t).get(t, "/b", false)
}

// A holding server does not answer some requests before it is told to.
type holding struct {
	next    http.Handler
	began   chan string
	release chan struct{}
}

// ServeHTTP implements http.Handler.
func (h *holding) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/hold/") {
		h.began <- r.URL.Path
		select {
		case <-h.release:
		case <-r.Context().Done():
		}
	}
	h.next.ServeHTTP(w, r)
}

// hold begins a request on each of two connections. What it returns lets them end, and checks how.
func (e *edge) hold(t *testing.T, held *holding, busy *line, multiplexed *http.Client) (finish func(last bool)) {
	t.Helper()
	reused := make(chan bool, 1)
	busy.send(t, "/hold/1")
	go func() { reused <- e.reuses(t, multiplexed, "/hold/2") }()
	for range 2 {
		select {
		case <-held.began:
		case <-time.After(5 * time.Second):
			t.Fatal("the upstream is not asked")
		}
	}
	return func(last bool) {
		t.Helper()
		for range 2 {
			held.release <- struct{}{}
		}
		busy.receive(t, last)
		if !<-reused {
			t.Error("a request was not on the connection that was there before")
		}
	}
}

// A line is a connection that speaks HTTP/1.1 and is not replaced by another when it ends.
type line struct {
	connection net.Conn
	reader     *bufio.Reader
}

func (e *edge) dial(t *testing.T) *line {
	t.Helper()
	connection, err := tls.Dial("tcp", host(e.mtls), &tls.Config{RootCAs: e.trust.Pool(), Certificates: []tls.Certificate{e.trust.client(t)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	connection.SetDeadline(time.Now().Add(20 * time.Second))
	return &line{connection, bufio.NewReader(connection)}
}

func (l *line) send(t *testing.T, path string, header ...string) {
	t.Helper()
	if _, err := fmt.Fprintf(l.connection, "GET %s HTTP/1.1\r\nHost: test\r\n%s\r\n", path, strings.Join(header, "")); err != nil {
		t.Fatal(err)
	}
}

// receive reads an answer: the last one on this connection, or not.
func (l *line) receive(t *testing.T, last bool) {
	t.Helper()
	response, err := http.ReadResponse(l.reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Error(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK || response.Close != last {
		t.Errorf("have %s, the last one: %v, want %v", response.Status, response.Close, last)
	}
}

func (l *line) get(t *testing.T, path string, last bool) {
	t.Helper()
	l.send(t, path)
	l.receive(t, last)
}

// ends waits for the connection's end, without a further answer.
func (l *line) ends(t *testing.T) {
	t.Helper()
	if _, err := l.reader.ReadByte(); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) { // TLS may not say goodbye
		t.Errorf("have %v, want the end of the connection", err)
	}
}

// refuses says whether 35 headers are too many.
func (l *line) refuses(t *testing.T) bool {
	t.Helper()
	l.send(t, "/a", strings.Repeat("x: y\r\n", 35))
	response, err := http.ReadResponse(l.reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode == http.StatusRequestHeaderFieldsTooLarge
}
