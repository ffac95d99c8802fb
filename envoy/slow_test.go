package envoy_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

const slowRoutes = twoListeners + `
edge: {header_timeout: 300ms, request_timeout: 1s, handshake_timeout: 400ms, idle_timeout: 1500ms,
  max_headers: 20, max_header: 4KiB, max_connections: 40, max_streams: 7}
upstreams:
  registry: {address: "unix:DIR/registry.sock"}
  bank: {address: "unix:DIR/registry.sock"}
routes:
  - {name: echo, path: /echo, methods: [GET, POST], checks: [certificate, bearer], upstream: bank}
  - {name: upload, path: /upload, methods: [POST], checks: [certificate, bearer], upstream: bank, body_limit: 1MiB}
`

// TestSlowClients checks that whoever takes too long, or too much, is cut.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	file := e.file(t, slowRoutes)
	file.Edge.ConnectionDuration = 1200 * time.Millisecond // shorter than routes.yaml may say
	e.render(t, file)
	e.gate.answers(allow)
	for _, c := range []struct {
		name  string
		send  string        // and then nothing
		lives time.Duration // at least
		want  string        // beginning of the answer; "" for none
	}{
		{"no handshake", "", 400 * time.Millisecond, ""},
		{"no header", "GET /echo HTTP/1.1\r\nHost: test\r\n", 300 * time.Millisecond, "HTTP/1.1 408"},
		{"no body", "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nabc", time.Second, "HTTP/1.1 408"},
		{"no body for an upload", "POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nabc", time.Second, "HTTP/1.1 408"},
		{"no further request", "GET /echo HTTP/1.1\r\nHost: test\r\n\r\n", 1500 * time.Millisecond, "HTTP/1.1 200"},
		{"too many headers", "GET /echo HTTP/1.1\r\nHost: test\r\n" + strings.Repeat("a: b\r\n", 21) + "\r\n", 0, "HTTP/1.1 431"},
		{"too large a header", "GET /echo HTTP/1.1\r\nHost: test\r\na: " + strings.Repeat("a", 4<<10) + "\r\n\r\n", 0, "HTTP/1.1 431"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			answer := e.talk(t, c.send)
			if took := time.Since(start); took < c.lives-20*time.Millisecond {
				t.Errorf("the connection lived for %v", took)
			}
			if !strings.HasPrefix(answer, c.want) || (answer == "") != (c.want == "") {
				t.Errorf("have %q", answer)
			}
			if strings.HasPrefix(c.want, "HTTP/1.1 4") && (!strings.Contains(answer, `{"error":`) || !strings.Contains(answer, "cache-control: no-store")) {
				t.Errorf("have %q", answer)
			}
		})
	}
	t.Run("no body over HTTP/2", e.testSlowBody2)
	t.Run("old connection", e.testOldConnection)
	t.Run("too many connections", e.testConnections)
}

// talk sends something over TLS, or nothing at all over TCP, and reads until the other side hangs up.
func (e *edge) talk(t *testing.T, text string) string {
	t.Helper()
	connection, err := net.Dial("tcp", host(e.mtls))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(patience))
	if text != "" {
		secure := tls.Client(connection, &tls.Config{ServerName: "127.0.0.1", RootCAs: e.trust.Pool(), Certificates: []tls.Certificate{e.trust.client(t)}})
		if _, err := io.WriteString(secure, text); err != nil {
			t.Fatal(err)
		}
		connection = secure
	}
	answer, err := io.ReadAll(connection) // a reset ends it too
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection lives after %v", patience)
	}
	return string(answer)
}

func (e *edge) testSlowBody2(t *testing.T) {
	body, writer := io.Pipe()
	defer writer.Close()
	go writer.Write([]byte("abc"))
	start := time.Now()
	ask(t, e.client(t, 2), "POST", e.mtls+"/upload", body).isOwnReply(t, http.StatusRequestTimeout, "request_timeout")
	if took := time.Since(start); took < time.Second {
		t.Errorf("took %v", took)
	}
}

// testOldConnection checks that a connection in use ends too, between two requests.
func (e *edge) testOldConnection(t *testing.T) {
	connection, err := tls.Dial("tcp", host(e.mtls), &tls.Config{RootCAs: e.trust.Pool(), Certificates: []tls.Certificate{e.trust.client(t)}})
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	reader, start := bufio.NewReader(connection), time.Now()
	for time.Since(start) < patience {
		if _, err := fmt.Fprint(connection, "GET /echo HTTP/1.1\r\nHost: test\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if response.Close {
			if took := time.Since(start); took < time.Second {
				t.Errorf("after %v", took)
			}
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("the connection lives after %v", patience)
}

// testConnections checks that connections beyond the limit are refused, and that those which are there are served.
func (e *edge) testConnections(t *testing.T) {
	client := e.client(t, 2)
	ask(t, client, "GET", e.mtls+"/echo", nil).seen(t)
	refused := 0
	for range 60 {
		connection, err := net.Dial("tcp", host(e.mtls))
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		connection.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
		if _, err := connection.Read(make([]byte, 1)); err == io.EOF || strings.Contains(fmt.Sprint(err), "reset") {
			refused++
		}
	}
	if refused < 15 {
		t.Errorf("%d of 60 connections are refused, where 40 are allowed", refused)
	}
	ask(t, client, "GET", e.mtls+"/echo", nil).seen(t)
}
