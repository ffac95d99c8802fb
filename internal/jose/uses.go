package jose

import (
	"crypto/x509"
	"encoding/base64"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/internal/dn"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// Algorithms returns which of the FAPI algorithms the set has a signing key for.
func (s KeySet) Algorithms() []string {
	return slices.DeleteFunc(slices.Clone(FAPI), func(algorithm string) bool {
		return !slices.ContainsFunc(s.Signing, func(k Key) bool {
			return suits(k.Public, algorithm) && (k.Algorithm == "" || k.Algorithm == algorithm)
		})
	})
}

// certificateOf returns the member's certificate; nil if it has none that can be read.
func certificateOf(member strictjson.Object) *x509.Certificate {
	chain, err := member.Strings("x5c")
	if err != nil || len(chain) == 0 {
		return nil
	}
	der, err := base64.StdEncoding.DecodeString(chain[0])
	if err != nil {
		return nil
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return certificate
}

// certificateSubject returns the subject of the member's certificate; nil if the member has none that can be read.
func certificateSubject(member strictjson.Object) dn.Name {
	certificate := certificateOf(member)
	if certificate == nil {
		return nil
	}
	subject, err := dn.ParseDER(certificate.RawSubject)
	if err != nil {
		return nil
	}
	return subject
}
