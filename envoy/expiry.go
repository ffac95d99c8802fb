package envoy

import (
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/cert"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
)

// Expiries returns when the certificates in the secrets end: those of a chain together, and the next of several CAs. The CAs
// of client certificates are the directories'.
func Expiries(secrets []*Secret, now time.Time) []metric.Expiry {
	var all []metric.Expiry
	for _, secret := range secrets {
		owner, name, _ := strings.Cut(secret.GetName(), "/")
		if chain, err := pemfile.Certificates(secret.GetTlsCertificate().GetCertificateChain().GetInlineBytes()); err == nil {
			all = append(all, metric.Expiry{Kind: owner + "_certificate", Name: name, At: cert.ChainEnds(chain)})
		}
		if cas, err := pemfile.Certificates(secret.GetValidationContext().GetTrustedCa().GetInlineBytes()); err == nil && owner != clientsSecret {
			all = append(all, metric.Expiry{Kind: owner + "_ca", Name: strings.TrimSuffix(name, "/ca"), At: cert.NextEnds(cas, now)})
		}
	}
	return all
}
