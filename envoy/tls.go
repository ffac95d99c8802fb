package envoy

import (
	"net/netip"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// cipherSuites are, for TLS 1.2, those of FAPI 1.0 Advanced (section 8.5) that Envoy has: "only the following cipher
// suites shall be permitted". All suites of TLS 1.3 are acceptable.
var cipherSuites = []string{
	"ECDHE-ECDSA-AES128-GCM-SHA256",
	"ECDHE-RSA-AES128-GCM-SHA256",
	"ECDHE-ECDSA-AES256-GCM-SHA384",
	"ECDHE-RSA-AES256-GCM-SHA384",
}

// tls13 is the only tls_minimum above this package's own minimum.
const tls13 = "1.3"

// downstreamTLS disables session resumption: a resumed session keeps the certificate that was verified once, even after it
// is revoked or has expired.
func (t *translation) downstreamTLS(name string, listener *routes.Listener) *tlsv3.DownstreamTlsContext {
	minimum := tlsv3.TlsParameters_TLSv1_2
	if listener.TLSMinimum == tls13 {
		minimum = tlsv3.TlsParameters_TLSv1_3
	}
	common := &tlsv3.CommonTlsContext{
		TlsParams: &tlsv3.TlsParameters{
			TlsMinimumProtocolVersion: minimum,
			TlsMaximumProtocolVersion: tlsv3.TlsParameters_TLSv1_3,
			CipherSuites:              cipherSuites,
		},
		AlpnProtocols: []string{"h2", "http/1.1"},
	}
	for i := range pairsOf(listener) {
		common.TlsCertificateSdsSecretConfigs = append(common.TlsCertificateSdsSecretConfigs, t.secret(listenerSecret(name, i)))
	}
	context := &tlsv3.DownstreamTlsContext{
		CommonTlsContext:                 common,
		DisableStatefulSessionResumption: true,
		SessionTicketKeysType:            &tlsv3.DownstreamTlsContext_DisableStatelessSessionResumption{DisableStatelessSessionResumption: true},
		RequireClientCertificate:         no(),
	}
	if listener.ClientCertificate == routes.CertificateRequired {
		context.RequireClientCertificate = yes()
		common.ValidationContextType = t.trust(clientsSecret)
	}
	return context
}

// upstreamTLS verifies the upstream in each handshake: it disables session resumption.
func (t *translation) upstreamTLS(name string, upstream *routes.UpstreamTLS) *tlsv3.UpstreamTlsContext {
	common := &tlsv3.CommonTlsContext{
		TlsParams: &tlsv3.TlsParameters{
			TlsMinimumProtocolVersion: tlsv3.TlsParameters_TLSv1_2,
			TlsMaximumProtocolVersion: tlsv3.TlsParameters_TLSv1_3,
		},
		ValidationContextType: t.trust(upstreamCASecret(name)),
	}
	if upstream.Certificate != "" {
		common.TlsCertificateSdsSecretConfigs = []*tlsv3.SdsSecretConfig{t.secret(upstreamSecret(name))}
	}
	context := &tlsv3.UpstreamTlsContext{CommonTlsContext: common, MaxSessionKeys: number(0)}
	if !isIP(upstream.ServerName) { // "Literal IPv4 and IPv6 addresses are not permitted in HostName" (RFC 6066, section 3)
		context.Sni = upstream.ServerName
	}
	return context
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

func (t *translation) transportSocket(context checkable) *corev3.TransportSocket {
	return &corev3.TransportSocket{
		Name:       "envoy.transport_sockets.tls",
		ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: t.pack(context)},
	}
}

func (t *translation) trust(secret string) *tlsv3.CommonTlsContext_ValidationContextSdsSecretConfig {
	return &tlsv3.CommonTlsContext_ValidationContextSdsSecretConfig{ValidationContextSdsSecretConfig: t.secret(secret)}
}

// secret refers to a secret by name; without a source, Envoy looks for it in its bootstrap.
func (t *translation) secret(name string) *tlsv3.SdsSecretConfig {
	config := &tlsv3.SdsSecretConfig{Name: name}
	if !t.static {
		config.SdsConfig = ads()
	}
	return config
}
