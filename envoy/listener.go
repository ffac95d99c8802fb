package envoy

import (
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
)

const (
	// bufferLimit is what Envoy reads ahead of a slow reader on one connection. A body for the gate may be larger.
	bufferLimit = 32 << 10

	// handshakeTimeout bounds a client that connects and says nothing.
	handshakeTimeout = 10 * time.Second

	// maxVerifyDepth: root, policy CA, issuing CA.
	maxVerifyDepth = 3
)

// cipherSuites are, for TLS 1.2, those of FAPI 1.0 Advanced (section 8.5) that Envoy has: "only the following cipher
// suites shall be permitted". TLS 1.3 has no others than good ones.
var cipherSuites = []string{
	"ECDHE-ECDSA-AES128-GCM-SHA256",
	"ECDHE-RSA-AES128-GCM-SHA256",
	"ECDHE-ECDSA-AES256-GCM-SHA384",
	"ECDHE-RSA-AES256-GCM-SHA384",
}

func (t *translation) listener(name string, listener routes.Listener) *listenerv3.Listener {
	return &listenerv3.Listener{
		Name:                          name,
		Address:                       t.address(listener.Address),
		PerConnectionBufferLimitBytes: number(bufferLimit),
		FilterChains: []*listenerv3.FilterChain{{
			Filters: []*listenerv3.Filter{{
				Name:       "envoy.filters.network.http_connection_manager",
				ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: t.pack(t.connectionManager(name))},
			}},
			TransportSocket: &corev3.TransportSocket{
				Name:       "envoy.transport_sockets.tls",
				ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: t.pack(t.tls(listener))},
			},
			TransportSocketConnectTimeout: duration(handshakeTimeout),
		}},
	}
}

// tls lets no session be resumed: a resumed one keeps the certificate that was verified once, and would outlive its
// revocation and its end.
func (t *translation) tls(listener routes.Listener) *tlsv3.DownstreamTlsContext {
	common := &tlsv3.CommonTlsContext{
		TlsParams: &tlsv3.TlsParameters{
			TlsMinimumProtocolVersion: tlsv3.TlsParameters_TLSv1_2,
			TlsMaximumProtocolVersion: tlsv3.TlsParameters_TLSv1_3,
			CipherSuites:              cipherSuites,
		},
		TlsCertificates: []*tlsv3.TlsCertificate{{
			CertificateChain: t.fileOf(listener.Certificate),
			PrivateKey:       t.fileOf(listener.Key),
		}},
		AlpnProtocols: []string{"h2", "http/1.1"},
	}
	required := listener.ClientCertificate == routes.CertificateRequired
	if required {
		common.ValidationContextType = &tlsv3.CommonTlsContext_ValidationContext{
			ValidationContext: &tlsv3.CertificateValidationContext{
				TrustedCa:              text(string(t.options.ClientCAs)),
				MaxVerifyDepth:         number(maxVerifyDepth),
				TrustChainVerification: tlsv3.CertificateValidationContext_VERIFY_TRUST_CHAIN,
			},
		}
	}
	context := &tlsv3.DownstreamTlsContext{
		CommonTlsContext:                 common,
		DisableStatefulSessionResumption: true,
		SessionTicketKeysType:            &tlsv3.DownstreamTlsContext_DisableStatelessSessionResumption{DisableStatelessSessionResumption: true},
		RequireClientCertificate:         no(),
	}
	if required {
		context.RequireClientCertificate = yes()
	}
	return context
}

func (t *translation) fileOf(name string) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_Filename{Filename: t.file.Abs(name)}}
}
