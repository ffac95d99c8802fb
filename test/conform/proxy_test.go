package conform

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// A bank is our gateway with one thing wrong: it stands before it and changes answers.
type bank struct {
	server   *httptest.Server
	upstream map[string]*http.Client // by the certificate that a client shows
	change   func(r *http.Request, a *harness.Answer)
}

func newBank(t *testing.T, change func(*http.Request, *harness.Answer)) *bank {
	t.Helper()
	b := &bank{upstream: map[string]*http.Client{}, change: change}
	for _, tpp := range gateway.File.TPPs {
		pair, err := tls.LoadX509KeyPair(gateway.Path(tpp.TransportCert), gateway.Path(tpp.TransportKey))
		if err != nil {
			t.Fatal(err)
		}
		b.upstream[string(pair.Certificate[0])] = gateway.Client(&pair, harness.HTTP1)
	}
	b.server = httptest.NewUnstartedServer(http.HandlerFunc(b.serve))
	b.server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	b.server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the clients without a certificate
	b.server.StartTLS()
	t.Cleanup(b.server.Close)
	return b
}

func (b *bank) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	asked, err := http.NewRequestWithContext(r.Context(), r.Method, gateway.MTLS()+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	asked.Header = r.Header.Clone()
	answer, err := harness.Do(b.upstream[string(r.TLS.PeerCertificates[0].Raw)], asked)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	b.change(r, answer)
	for name, values := range answer.Header {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body)
}

// flags send the command to the bank.
func (b *bank) flags(t *testing.T) []string {
	t.Helper()
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b.server.Certificate().Raw})
	ca, err := os.ReadFile(gateway.Path(gateway.File.ServerCA))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, append(own, ca...), 0o600); err != nil {
		t.Fatal(err)
	}
	moved := func(url string) string { return strings.Replace(url, gateway.MTLS(), b.server.URL, 1) }
	return []string{"--ca", file, "--base", moved(gateway.File.Registration), "--token-endpoint", moved(gateway.File.Token)}
}
