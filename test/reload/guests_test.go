package reload

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// Guests connect again and again, to both listeners, and never resume a session.
type guests struct {
	config   *tls.Config
	done     atomic.Bool
	together sync.WaitGroup

	mu     sync.Mutex
	shaken int
	failed []string
}

func connect(t *testing.T, r *harness.Registered, ca *tls.Certificate) *guests {
	t.Helper()
	g := &guests{config: world.TLS(&r.Transport)}
	g.config.RootCAs = g.config.RootCAs.Clone()
	g.config.RootCAs.AddCert(ca.Leaf)
	g.config.SessionTicketsDisabled, g.config.NextProtos = true, []string{"http/1.1"}
	for _, address := range []string{world.MTLS(), world.File.Issuer, world.MTLS()} {
		g.together.Go(func() {
			for !g.done.Load() {
				_, err := g.shake(address)
				g.mu.Lock()
				if g.shaken++; err != nil && len(g.failed) < 10 {
					g.failed = append(g.failed, fmt.Sprintf("%s %s: %v", time.Now().Format("15:04:05.000"), address, err))
				}
				g.mu.Unlock()
				time.Sleep(beat)
			}
		})
	}
	t.Cleanup(g.disperse)
	return g
}

// shake connects and asks for something, since a client of TLS 1.3 has done before the server has. It returns the serial
// number of the server's certificate.
func (g *guests) shake(address string) (serial string, err error) {
	transport := &http.Transport{DisableKeepAlives: true, DialTLSContext: func(ctx context.Context, network, host string) (net.Conn, error) {
		return (&tls.Dialer{Config: g.config}).DialContext(ctx, network, host)
	}}
	request, err := http.NewRequest(http.MethodGet, address+"/nothing", nil)
	if err != nil {
		return "", err
	}
	response, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusNotFound {
		return "", fmt.Errorf("%s, want 404", response.Status)
	}
	return response.TLS.PeerCertificates[0].SerialNumber.String(), nil
}

// awaitSerial waits until a new connection has a certificate, or any that is trusted, which must come.
func (g *guests) awaitSerial(t *testing.T, way, serial, address string) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(beat) {
		now, err := g.shake(address)
		if err == nil && (serial == "" || now == serial) {
			return
		}
		if time.Since(begun) > patience {
			t.Fatalf("%s: the certificate is still %s, %v", way, now, err)
		}
	}
}

func (g *guests) disperse() {
	g.done.Store(true)
	g.together.Wait()
}

// judge fails the test where a handshake failed.
func (g *guests) judge(t *testing.T) {
	t.Helper()
	g.disperse()
	t.Logf("%d handshakes", g.shaken)
	if len(g.failed) > 0 {
		t.Errorf("handshakes failed:\n%s", strings.Join(g.failed, "\n"))
	}
}
