package envoy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

const (
	// clientsSecret is the name of the CAs that client certificates must be from.
	clientsSecret = "clients"

	// maxVerifyDepth: root, policy CA, issuing CA.
	maxVerifyDepth = 3
)

func listenerSecret(listener string, i int) string {
	return "listener/" + listener + "/" + strconv.Itoa(i)
}

func upstreamSecret(upstream string) string { return "upstream/" + upstream }

func upstreamCASecret(upstream string) string { return "upstream/" + upstream + "/ca" }

// A secretSource is a secret that routes.yaml names the files of: a certificate with its key, or the CAs that an
// upstream's certificate must be from.
type secretSource struct {
	name        string
	owner       string // part of routes.yaml that uses it
	certificate string // file, as routes.yaml names it
	key         string // file; "" where the certificates are CAs
	serverName  string // name that a certificate from these CAs must have
}

// secretSources returns all of them, sorted by name.
func secretSources(file *routes.File) []secretSource {
	var all []secretSource
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
		all = append(all, secretSource{upstreamCASecret(name), owner, tls.CA, "", tls.ServerName})
		if tls.Certificate != "" {
			all = append(all, secretSource{upstreamSecret(name), owner, tls.Certificate, tls.Key, ""})
		}
	}
	slices.SortFunc(all, func(a, b secretSource) int { return cmp.Compare(a.name, b.name) })
	return all
}

// pairsOf returns a listener's certificates, that of clients which ask for no name first.
func pairsOf(listener *routes.Listener) []routes.Certificate {
	first := routes.Certificate{Certificate: listener.Certificate, Key: listener.Key}
	return append([]routes.Certificate{first}, listener.Certificates...)
}

// SecretFiles returns the absolute names of all files that Secrets reads, sorted.
func SecretFiles(file *routes.File) []string {
	var names []string
	for _, source := range secretSources(file) {
		names = append(names, file.Abs(source.certificate))
		if source.key != "" {
			names = append(names, file.Abs(source.key))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Secrets reads the certificates, keys and CAs that listeners and upstreams use, as they are in their files now, and
// returns them sorted by name. clientCAs is a PEM bundle of the CAs of client certificates. It returns none of them where
// one cannot be used: a certificate whose key is another one's, a file without a certificate, or one that is too large.
// Errors name files as routes.yaml does.
func Secrets(file *routes.File, clientCAs []byte) ([]*Secret, error) {
	secrets, err := clientAuthorities(file, clientCAs)
	if err != nil {
		return nil, err
	}
	for _, source := range secretSources(file) {
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

// clientAuthorities returns the CAs of client certificates, where a listener asks for these.
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
