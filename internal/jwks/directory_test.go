package jwks

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
)

// clock is a clock that moves only when told.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// directory is an HTTPS server of one document, which counts how often each path of it is fetched.
type directory struct {
	*httptest.Server
	clock  *clock
	source *Source

	mu       sync.Mutex
	status   int
	document string
	header   http.Header
	hang     chan struct{} // requests for /hang wait until it is closed
	requests map[string]int
	matched  int // requests answered 304
}

func newDirectory(t *testing.T) *directory {
	t.Helper()
	d := &directory{
		clock: &clock{now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}, status: http.StatusOK,
		document: keySet(t, "kid-1"), header: http.Header{}, requests: map[string]int{},
	}
	d.Server = httptest.NewTLSServer(http.HandlerFunc(d.serve))
	t.Cleanup(d.Close)
	roots := x509.NewCertPool()
	roots.AddCert(d.Certificate())
	client := outbound.New(outbound.Policy{
		Hosts: []string{d.Listener.Addr().(*net.TCPAddr).String()}, Roots: roots,
		Private: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
	})
	d.source = New(client, d.clock.Now)
	return d
}

func (d *directory) serve(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.requests[r.URL.Path]++
	hang := d.hang
	d.mu.Unlock()
	if hang != nil && r.URL.Path == "/hang" {
		<-hang
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, values := range d.header {
		w.Header()[name] = values
	}
	if etag := d.header.Get("ETag"); etag != "" && r.Header.Get("If-None-Match") == etag {
		d.matched++
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.WriteHeader(d.status)
	_, _ = w.Write([]byte(d.document))
}

// answer changes what the directory answers.
func (d *directory) answer(status int, document string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.status, d.document = status, document
}

// hold lets requests for /hang wait until release is called, at the latest when the test ends.
func (d *directory) hold(t *testing.T) (release func()) {
	t.Helper()
	hang := make(chan struct{})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hang = hang
	release = sync.OnceFunc(func() { close(hang) })
	t.Cleanup(release)
	return release
}

func (d *directory) set(name, value string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.header.Set(name, value)
}

// fetches is how often the path was fetched since the last time it was asked.
func (d *directory) fetches(path string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	count := d.requests[path]
	d.requests[path] = 0
	return count
}

// settle waits until no fetch of the source runs.
func (d *directory) settle(t *testing.T) {
	t.Helper()
	d.source.mu.Lock()
	var entries []*entry
	for _, element := range d.source.entries {
		entries = append(entries, element.Value.(*entry))
	}
	d.source.mu.Unlock()
	for _, e := range entries {
		e.mu.Lock()
		flight := e.flight
		e.mu.Unlock()
		if flight == nil {
			continue
		}
		select {
		case <-flight:
		case <-time.After(5 * time.Second):
			t.Fatal("a fetch does not end")
		}
	}
}

// want asks for the keys at /keys and checks the answer and the number of fetches it took, those in the background
// included.
func (d *directory) want(t *testing.T, kid string, want error, fetches int) jose.KeySet {
	t.Helper()
	set, err := d.source.Keys(t.Context(), d.URL+"/keys", kid)
	d.settle(t)
	check(t, err, want)
	if got := d.fetches("/keys"); got != fetches {
		t.Fatalf("%d fetches, want %d", got, fetches)
	}
	return set
}

// keySet writes a JWK Set of EC keys.
func keySet(t testing.TB, kids ...string) string {
	t.Helper()
	members := []map[string]string{}
	for _, kid := range kids {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		point, err := key.PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, map[string]string{
			"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "alg": "ES256",
			"x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:]),
		})
	}
	document, err := json.Marshal(map[string]any{"keys": members})
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}
