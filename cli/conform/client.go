package conform

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"
)

const (
	patience  = 15 * time.Second
	maxAnswer = 1 << 20
)

// request is an HTTP request, and what was meant by it.
type request struct {
	method, url string
	header      http.Header
	body        []byte
	certificate string // own, other or none

	claims      map[string]any // of the registration request, or of the assertion
	statement   map[string]any // that the request names
	interaction string
}

// answer is an HTTP response that has been read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// good says whether the bank agreed.
func (a *answer) good() bool { return a.status >= 200 && a.status < 300 }

// wire has an HTTP client for each certificate; they follow no redirect.
type wire map[string]*http.Client

func newWire(s *Setup) wire {
	w := wire{"own": newClient(s.Roots, &s.Certificate), "none": newClient(s.Roots, nil)}
	if s.Other != nil {
		w["other"] = newClient(s.Roots, s.Other)
	}
	return w
}

func newClient(roots *x509.CertPool, certificate *tls.Certificate) *http.Client {
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	if certificate != nil { // whatever CAs the bank names: that of a TPP's certificate may be among them under another name
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
	}
	return &http.Client{
		Timeout:       patience,
		Transport:     &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true, Proxy: http.ProxyFromEnvironment},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// close ends the connections that are still open.
func (w wire) close() {
	for _, client := range w {
		client.CloseIdleConnections()
	}
}

// send sends a request. An answer of any status is no error; an error does not name the URL, which may hold a token.
func (w wire) send(ctx context.Context, r *request) (*answer, error) {
	sent, err := http.NewRequestWithContext(ctx, r.method, r.url, bytes.NewReader(r.body))
	if err != nil {
		return nil, bare(err)
	}
	sent.Header = r.header.Clone()
	response, err := w[r.certificate].Do(sent)
	if err != nil {
		return nil, bare(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	return &answer{status: response.StatusCode, header: response.Header, body: body}, nil
}

func bare(err error) error {
	if of, ok := errors.AsType[*url.Error](err); ok {
		return of.Err
	}
	return err
}
