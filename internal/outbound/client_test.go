package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// server is an HTTPS server that counts the connections it accepts.
type server struct {
	*httptest.Server
	accepts atomic.Int64
}

func (s *server) port() string {
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	return port
}

func (s *server) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
}

// client may ask the server at 127.0.0.1.
func (s *server) client() *Client {
	return New(Policy{Hosts: []string{"127.0.0.1:" + s.port()}, Private: loopback, Roots: s.roots()})
}

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}

// counting is a listener that counts.
type counting struct {
	net.Listener
	accepts *atomic.Int64
}

func (c counting) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.accepts.Add(1)
	}
	return conn, err
}

func serve(t *testing.T, handler http.HandlerFunc, change func(*tls.Config)) *server {
	t.Helper()
	s := &server{Server: httptest.NewUnstartedServer(handler)}
	s.Listener = counting{s.Listener, &s.accepts}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // failed handshakes are what we want
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS10}
	if change != nil {
		change(s.TLS)
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestGet(t *testing.T) {
	var encoding atomic.Value
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		encoding.Store(r.Header.Get("Accept-Encoding"))
		w.Header().Set("ETag", `"one"`)
		w.Header().Set("Cache-Control", "public, max-age=600")
		if r.Header.Get("If-None-Match") == `"one"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, r.Proto+" "+r.URL.RequestURI())
	}, nil)
	client := s.client()
	body, err := client.Get(t.Context(), s.URL+"/keys?a=b", "")
	if err != nil || string(body.Bytes) != "HTTP/2.0 /keys?a=b" || body.ETag != `"one"` || body.MaxAge != 10*time.Minute || body.NotModified {
		t.Errorf("got %+v, %v", body, err)
	}
	if encoding.Load() != "" {
		t.Error("a compressed answer was asked for")
	}
	body, err = client.Get(t.Context(), s.URL+"/keys", `"one"`)
	if err != nil || len(body.Bytes) != 0 || !body.NotModified || body.ETag != `"one"` || body.MaxAge != 10*time.Minute {
		t.Errorf("got %+v, %v", body, err)
	}
	if client.Dials() != 1 || s.accepts.Load() != 1 {
		t.Errorf("%d dials and %d accepts, want one connection kept alive", client.Dials(), s.accepts.Load())
	}
}

func TestGetRefusesAnswers(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	bytes := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("a", n)) }
	}
	redirect := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }
	gzip := func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Encoding", "gzip") }
	headers := func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("A", strings.Repeat("a", 4*maxHeader)) }
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "a")
	}
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    string // "" for none
	}{
		{"largest body", bytes(maxBody), ""},
		{"body too large", bytes(maxBody + 1), "larger than the 262144 bytes"},
		{"redirect", redirect, "answered 302"},
		{"no content", status(http.StatusNoContent), "answered 204"},
		{"not modified, unasked", status(http.StatusNotModified), "answered 304"},
		{"not found", status(http.StatusNotFound), ErrGone.Error() + " (404)"},
		{"gone", status(http.StatusGone), ErrGone.Error() + " (410)"},
		{"error", status(http.StatusInternalServerError), "answered 500"},
		{"compressed", gzip, "encoded"},
		{"body cut off", cut, "fetch: "},
		{"headers too large", headers, "fetch: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var requests atomic.Int64
			s := serve(t, func(w http.ResponseWriter, r *http.Request) { requests.Add(1); test.handler(w, r) }, nil)
			_, err := s.client().Get(t.Context(), s.URL+"/secret", "")
			switch {
			case (test.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), test.want):
				t.Errorf("got %v, want %q", err, test.want)
			case err != nil && strings.Contains(err.Error(), "secret"):
				t.Errorf("the error quotes the URL: %v", err)
			case errors.Is(err, ErrForbidden):
				t.Errorf("got %v, which says that nothing was sent", err)
			case requests.Load() != 1:
				t.Errorf("%d requests, want 1", requests.Load())
			}
		})
	}
}

func TestGetIsBoundedInTime(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
	}{
		{"no answer", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"half a body", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"keys":`)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}},
		{"a body that drips", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, " ")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(5 * time.Millisecond)
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, test.handler, nil)
			client := s.client()
			if client.maxTime != 3*time.Second {
				t.Errorf("a fetch may take %s, want 3s", client.maxTime)
			}
			client.maxTime = 100 * time.Millisecond
			if _, err := client.Get(t.Context(), s.URL, ""); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want the deadline exceeded", err)
			}
		})
	}
}

func TestGetChecksServer(t *testing.T) {
	ok := func(http.ResponseWriter, *http.Request) {}
	tests := []struct {
		name   string
		change func(*tls.Config)
		policy func(*Policy)
		want   bool
	}{
		{"TLS 1.3", nil, nil, true},
		{"TLS 1.2", func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, nil, true},
		{"TLS 1.1", func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11 }, nil, false},
		{"another CA", nil, func(p *Policy) { p.Roots = x509.NewCertPool() }, false},
		{"the system's CAs", nil, func(p *Policy) { p.Roots = nil }, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, ok, test.change)
			policy := Policy{Hosts: []string{"127.0.0.1:" + s.port()}, Private: loopback, Roots: s.roots()}
			if test.policy != nil {
				test.policy(&policy)
			}
			client := New(policy)
			_, err := client.Get(t.Context(), s.URL, "")
			if test.want != (err == nil) || client.Dials() != 1 {
				t.Errorf("got %v after %d dials, want success %t after one", err, client.Dials(), test.want)
			}
		})
	}
}

func TestMaxAge(t *testing.T) {
	tests := []struct {
		name   string
		values []string
		want   time.Duration
	}{
		{"none", nil, 0},
		{"of no meaning here", []string{"public, must-revalidate, s-maxage=5"}, 0},
		{"max-age", []string{"max-age=300"}, 5 * time.Minute},
		{"capitals, quotes and spaces", []string{`public ,  MAX-AGE="300"`}, 5 * time.Minute},
		{"the shortest of several", []string{"max-age=300", "max-age=60, max-age=90"}, time.Minute},
		{"nothing left", []string{"max-age=0"}, time.Second},
		{"no-store", []string{"no-store, max-age=300"}, time.Second},
		{"no-cache", []string{"max-age=300, no-cache"}, time.Second},
		{"negative", []string{"max-age=-1"}, time.Second},
		{"no number", []string{"max-age=a"}, time.Second},
		{"too large", []string{"max-age=99999999999999999999"}, time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := maxAge(test.values); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
