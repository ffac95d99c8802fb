package cert

import (
	"crypto/x509"
	"slices"
	"time"
)

func byEnd(a, b *x509.Certificate) int { return a.NotAfter.Compare(b.NotAfter) }

// ChainEnds returns when the first certificate of a chain expires, and the chain with it. There must be at least one.
func ChainEnds(chain []*x509.Certificate) time.Time { return slices.MinFunc(chain, byEnd).NotAfter }

// NextEnds returns when the next of several independent certificates expires, such as CAs; if all have expired, when the last
// did. There must be at least one.
func NextEnds(certificates []*x509.Certificate, now time.Time) time.Time {
	valid := slices.DeleteFunc(slices.Clone(certificates), func(c *x509.Certificate) bool { return c.NotAfter.Before(now) })
	if len(valid) == 0 {
		return slices.MaxFunc(certificates, byEnd).NotAfter
	}
	return slices.MinFunc(valid, byEnd).NotAfter
}
