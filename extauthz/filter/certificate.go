package filter

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/url"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/cert"
)

const (
	certificateCacheSize = 1_024
	// certificateCacheTime bounds how long a chain is believed without being built again: a CA taken out of the
	// configuration comes with a new filter, so only the clock matters, and the clock is checked on each use.
	certificateCacheTime = 10 * time.Minute
)

// KindAnchors are the CAs of one kind of certificates of one directory.
type KindAnchors struct {
	Trust
	Anchors *cert.Anchors
}

// CertificateFilter proves that the TLS client certificate is well-formed, unexpired and issued by a CA of a directory
// in use. Envoy has verified the chain already; verifying it again guards against a listener that was configured not to
// (Keycloak's CVE-2023-2422 was that).
type CertificateFilter struct {
	anchors []KindAnchors
	seen    *lru.Cache[[sha256.Size]byte, *verifiedCertificate]
}

type verifiedCertificate struct {
	*Certificate
	until time.Time
}

// NewCertificateFilter returns the filter for the CAs given. Directories that name the same CAs, as those of several
// countries name the same trust service providers, share them.
func NewCertificateFilter(anchors []KindAnchors) (*CertificateFilter, error) {
	if len(anchors) == 0 {
		return nil, errors.New("no directory names a CA of client certificates")
	}
	seen, err := lru.New[[sha256.Size]byte, *verifiedCertificate](certificateCacheSize)
	if err != nil {
		return nil, err
	}
	anchors = slices.Clone(anchors)
	for i := range anchors {
		same := func(kind KindAnchors) bool { return kind.Anchors.Equal(anchors[i].Anchors) }
		anchors[i].Anchors = anchors[slices.IndexFunc(anchors, same)].Anchors
	}
	return &CertificateFilter{anchors: anchors, seen: seen}, nil
}

// Check implements Filter: it proves Request.Certificate.
func (f *CertificateFilter) Check(_ context.Context, r *Request) error {
	if r.PeerPEM == "" {
		return dcr.Refuse("certificate.missing")
	}
	key := sha256.Sum256([]byte(r.PeerPEM))
	if known, ok := f.seen.Get(key); ok && r.Now.Before(known.until) {
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

func (f *CertificateFilter) verify(escaped string, now time.Time) (*Certificate, error) {
	text, err := url.PathUnescape(escaped) // not QueryUnescape, which turns the + of base64 into a space
	if err != nil {
		return nil, dcr.Refuse("certificate.form").CausedBy(err)
	}
	leaf, err := cert.ParsePEM([]byte(text))
	if err != nil {
		return nil, RefuseCertificate(err)
	}
	certificate := &Certificate{Certificate: leaf}
	var why error
	verified := map[*cert.Anchors]error{}
	for _, kind := range f.anchors {
		if !leaf.Is(kind.Profile) {
			continue
		}
		err, done := verified[kind.Anchors]
		if !done {
			err = kind.Anchors.Verify(leaf, now)
			verified[kind.Anchors] = err
		}
		if err != nil {
			why = moreTelling(why, err)
			continue
		}
		certificate.Trusts = append(certificate.Trusts, kind.Trust)
	}
	if len(certificate.Trusts) == 0 {
		return nil, RefuseCertificate(why)
	}
	certificate.Certificate = leaf.Kept()
	return certificate, nil
}

// moreTelling is the one of two errors of Anchors.Verify that says more to the certificate's holder: of many directories
// all but one have not issued it.
func moreTelling(first, second error) error {
	if named, ok := errors.AsType[*cert.Error](first); ok && named.Rule != "certificate.issuer" {
		return first
	}
	return second
}

// RefuseCertificate is the refusal of a certificate that package cert has refused; nil stands for one that is not of an
// accepted type. The answer says what is wrong with it, because it is the caller's own.
func RefuseCertificate(cause error) error {
	if named, ok := errors.AsType[*cert.Error](cause); ok {
		return dcr.Refuse(named.Rule).CausedBy(cause)
	}
	return dcr.Refuse("certificate.kind").CausedBy(cause)
}
