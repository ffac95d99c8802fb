package filter

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/url"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/internal/cert"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
)

const (
	certificateCacheSize = 1_024
	// certificateCacheTime limits how long a verified chain is cached. A change of the CAs makes a new filter, so that
	// only the validity times can change the result, and they are checked on each use.
	certificateCacheTime = 10 * time.Minute
)

// CertificateFilter proves that the TLS client certificate is well-formed, within its validity and issued by a CA of a
// configured directory. Envoy has already verified the chain. The filter verifies it again in case a listener is
// misconfigured, as in Keycloak's CVE-2023-2422.
type CertificateFilter struct {
	issuers trust.Issuers
	seen    *metric.Cache[[sha256.Size]byte, *verifiedCertificate]
}

type verifiedCertificate struct {
	*trust.Certificate
	until time.Time
}

// NewCertificateFilter returns the filter for these CAs. The set counts its cache, and may be nil.
func NewCertificateFilter(all []trust.Issuer, set *metric.Set) (*CertificateFilter, error) {
	issuers, err := trust.NewIssuers(all)
	if err != nil {
		return nil, err
	}
	seen, err := metric.NewCache[[sha256.Size]byte, *verifiedCertificate](set, "certificate", certificateCacheSize)
	return &CertificateFilter{issuers: issuers, seen: seen}, err
}

// Check implements Filter: it proves Request.Certificate.
func (f *CertificateFilter) Check(_ context.Context, r *Request) error {
	if r.PeerPEM == "" {
		return dcr.Refuse("certificate.missing")
	}
	key := sha256.Sum256([]byte(r.PeerPEM))
	if known, ok := f.seen.Get(key, func(known *verifiedCertificate) bool { return r.Now.Before(known.until) }); ok {
		r.Certificate = known.Certificate
		return nil
	}
	certificate, err := f.verify(r.PeerPEM, r.Now)
	if err != nil {
		return err
	}
	until := r.Now.Add(certificateCacheTime)
	if end := certificate.NotAfter; end.Before(until) {
		until = end
	}
	f.seen.Add(key, &verifiedCertificate{Certificate: certificate, until: until})
	r.Certificate = certificate
	return nil
}

func (f *CertificateFilter) verify(escaped string, now time.Time) (*trust.Certificate, error) {
	text, err := url.PathUnescape(escaped) // not QueryUnescape, which turns the + of base64 into a space
	if err != nil {
		return nil, dcr.Refuse("certificate.form").CausedBy(err)
	}
	leaf, err := cert.ParsePEM([]byte(text))
	if err != nil {
		return nil, RefuseCertificate(err)
	}
	certificate, err := f.issuers.Verify(leaf, now)
	if err != nil {
		return nil, RefuseCertificate(err)
	}
	return certificate, nil
}

// RefuseCertificate returns the refusal for an error of package cert or trust.Issuers. It says what is wrong, because
// the certificate is the caller's own.
func RefuseCertificate(cause error) error {
	if named, ok := errors.AsType[*cert.Error](cause); ok {
		return dcr.Refuse(named.Rule).CausedBy(cause)
	}
	if unfit, ok := errors.AsType[*trust.TypeError](cause); ok {
		return dcr.Refuse("certificate.kind", dcr.Values(unfit.Wanted())).CausedBy(cause)
	}
	return cause
}

// Queue limits how many requests wait for key sets. In a gate it is a *fetched.Queue.
type Queue interface {
	// As returns a context with which a request waits in the queue under that name.
	As(ctx context.Context, name string) context.Context
}

// waitIn lets the request wait for key sets in a queue, under its certificate: there may be no client yet. A slow key
// server of one participant then holds up neither other participants nor calls.
func waitIn(ctx context.Context, queue Queue, r *Request) context.Context {
	if queue == nil || r.Certificate == nil {
		return ctx
	}
	return queue.As(ctx, r.Certificate.Thumbprint)
}
