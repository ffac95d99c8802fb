package envoy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

const (
	// clientsSecret is the name of the secret with the CAs of client certificates.
	clientsSecret = "clients"

	// maxVerifyDepth: root, policy CA, issuing CA.
	maxVerifyDepth = 3
)

func listenerSecret(listener string, i int) string {
	return "listener/" + listener + "/" + strconv.Itoa(i)
}

func upstreamSecret(upstream string) string { return "upstream/" + upstream }

func upstreamCASecret(upstream string) string { return "upstream/" + upstream + "/ca" }

// A secretSource is a secret whose files routes.yaml or the options name: a certificate with its key, or the CAs of an upstream's
// certificate.
type secretSource struct {
	name        string
	owner       string // part of routes.yaml, or the collector of traces, that uses it
	certificate string // file, as routes.yaml names it
	key         string // file; "" where the certificates are CAs
	serverName  string // name that the upstream's certificate must have
}

// secretSources returns all of them, sorted by name.
func secretSources(file *routes.File, o Options) []secretSource {
	all := tracesSecrets(o.Traces)
	for name, listener := range file.Listeners {
		owner := fmt.Sprintf("listener %q", name)
		for i, pair := range pairsOf(&listener) {
			all = append(all, secretSource{listenerSecret(name, i), owner, pair.Certificate, pair.Key, ""})
		}
	}
	for name, upstream := range file.Upstreams {
		tls, owner := upstream.TLS, fmt.Sprintf("upstream %q", name)
		if tls == nil {
			continue
		}
		all = append(all, upstreamSecrets(name, owner, tls)...)
	}
	slices.SortFunc(all, func(a, b secretSource) int { return cmp.Compare(a.name, b.name) })
	return all
}

func upstreamSecrets(name, owner string, tls *routes.UpstreamTLS) []secretSource {
	all := []secretSource{{upstreamCASecret(name), owner, tls.CA, "", tls.ServerName}}
	if tls.Certificate != "" {
		all = append(all, secretSource{upstreamSecret(name), owner, tls.Certificate, tls.Key, ""})
	}
	return all
}

// pairsOf returns a listener's certificates; the first is for clients without SNI.
func pairsOf(listener *routes.Listener) []routes.Certificate {
	first := routes.Certificate{Certificate: listener.Certificate, Key: listener.Key}
	return append([]routes.Certificate{first}, listener.Certificates...)
}

// SecretFiles returns the absolute names of all files that Secrets reads, sorted.
func SecretFiles(file *routes.File, o Options) []string {
	var names []string
	for _, source := range secretSources(file, o) {
		names = append(names, file.Abs(source.certificate))
		if source.key != "" {
			names = append(names, file.Abs(source.key))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Secrets reads the certificates, keys and CAs of listeners, upstreams and the collector of traces from their files, and returns them sorted by
// name. clientCAs is a PEM bundle of the CAs of client certificates. If one of them is unusable (a key that does not match
// its certificate, a file without a certificate, or one that is too large) it returns only an error. Errors name files as
// routes.yaml does.
func Secrets(file *routes.File, o Options, clientCAs []byte) ([]*Secret, error) {
	secrets, err := clientAuthorities(file, clientCAs)
	if err != nil {
		return nil, err
	}
	for _, source := range secretSources(file, o) {
		secret, err := source.load(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", source.owner, err)
		}
		if err := secret.ValidateAll(); err != nil {
			return nil, fmt.Errorf("%s: %w", source.owner, err)
		}
		secrets = append(secrets, secret)
	}
	return secrets, nil
}

// clientAuthorities returns the CAs of client certificates, if a listener requires these.
func clientAuthorities(file *routes.File, bundle []byte) ([]*Secret, error) {
	for _, name := range slices.Sorted(maps.Keys(file.Listeners)) {
		if file.Listeners[name].ClientCertificate != routes.CertificateRequired {
			continue
		}
		certificates, err := onlyCertificates(bundle)
		if err != nil {
			return nil, fmt.Errorf("listener %q requires client certificates, and the directories' CAs cannot be used: %w", name, err)
		}
		context := &tlsv3.CertificateValidationContext{
			TrustedCa:              inline(certificates),
			MaxVerifyDepth:         number(maxVerifyDepth),
			TrustChainVerification: tlsv3.CertificateValidationContext_VERIFY_TRUST_CHAIN,
		}
		return []*Secret{{Name: clientsSecret, Type: &tlsv3.Secret_ValidationContext{ValidationContext: context}}}, nil
	}
	return nil, nil
}

// load reads the files. It takes only what each file must hold, so that a private key in a certificate file is not sent to
// Envoy.
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

// namedSecrets makes Envoy read the files itself when it starts.
func (t *translation) namedSecrets() []*Secret {
	var secrets []*Secret
	for _, source := range secretSources(t.file, t.options) {
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

// trust also checks the name: a certificate of another server from the same CA is not valid for this one.
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
