package envoy

import (
	"fmt"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// load reads the files. Only what they must hold goes into the secret, so that a key which somebody put beside a
// certificate stays where it is.
func (s *secretSource) load(file *routes.File) (*Secret, error) {
	text, err := readPEM(file, s.certificate)
	if err != nil {
		return nil, err
	}
	if s.key == "" {
		certificates, err := onlyCertificates(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.certificate, err)
		}
		return s.trust(inline(certificates)), nil
	}
	key, err := readPEM(file, s.key)
	if err != nil {
		return nil, err
	}
	chain, key, err := pair(text, key)
	if err != nil {
		return nil, fmt.Errorf("%s with %s: %w", s.certificate, s.key, err)
	}
	return s.identity(inline(chain), inline(key)), nil
}

// namedSecrets lets Envoy read the files, when it starts.
func (t *translation) namedSecrets() []*Secret {
	var secrets []*Secret
	for _, source := range secretSources(t.file) {
		secrets = append(secrets, source.named(t.file))
	}
	return secrets
}

func (s *secretSource) named(file *routes.File) *Secret {
	certificate := filename(file.Abs(s.certificate))
	if s.key == "" {
		return s.trust(certificate)
	}
	return s.identity(certificate, filename(file.Abs(s.key)))
}

func (s *secretSource) identity(chain, key *corev3.DataSource) *Secret {
	certificate := &tlsv3.TlsCertificate{CertificateChain: chain, PrivateKey: key}
	return &Secret{Name: s.name, Type: &tlsv3.Secret_TlsCertificate{TlsCertificate: certificate}}
}

// trust also says the name: a certificate of another server from the same CA is none for this one.
func (s *secretSource) trust(certificates *corev3.DataSource) *Secret {
	kind := tlsv3.SubjectAltNameMatcher_DNS
	if isIP(s.serverName) {
		kind = tlsv3.SubjectAltNameMatcher_IP_ADDRESS
	}
	context := &tlsv3.CertificateValidationContext{
		TrustedCa:              certificates,
		MaxVerifyDepth:         number(maxVerifyDepth),
		TrustChainVerification: tlsv3.CertificateValidationContext_VERIFY_TRUST_CHAIN,
		MatchTypedSubjectAltNames: []*tlsv3.SubjectAltNameMatcher{{
			SanType: kind,
			Matcher: &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: s.serverName}},
		}},
	}
	return &Secret{Name: s.name, Type: &tlsv3.Secret_ValidationContext{ValidationContext: context}}
}

func inline(content []byte) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_InlineBytes{InlineBytes: content}}
}

func filename(name string) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_Filename{Filename: name}}
}
