package main

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

const (
	requestID   = "6860a644-3292-41a2-95e8-30cb5dc1f442"
	interaction = "7b4f2c3e-5f7d-4a3c-9d2b-1c2d3e4f5a6b"
)

// A question is what Envoy asks about one request, but for the certificate of the connection.
type question struct {
	request    *authv3.AttributeContext_Request
	extensions map[string]string
}

// newQuestion writes a question as Envoy 1.40 does under the configuration that we render for it.
func newQuestion(route, version string, r *dcrclient.Request) (*question, error) {
	target, err := url.Parse(r.URL)
	if err != nil {
		return nil, err
	}
	return &question{
		request: &authv3.AttributeContext_Request{
			Time: timestamppb.Now(),
			Http: &authv3.AttributeContext_HttpRequest{
				Id: "13440779535529323598", Method: r.Method, Path: target.Path, Host: target.Host, Scheme: target.Scheme, Protocol: "HTTP/2",
				Size: int64(len(r.Body)), RawBody: r.Body, HeaderMap: &corev3.HeaderMap{Headers: headers(r, target)},
			},
		},
		extensions: map[string]string{routes.ContextListener: "mtls", routes.ContextRoute: route, routes.ContextVersion: version},
	}, nil
}

// headers are those of the client with Envoy's own before and behind them.
func headers(r *dcrclient.Request, target *url.URL) []*corev3.HeaderValue {
	var all []*corev3.HeaderValue
	add := func(name, value string) {
		all = append(all, &corev3.HeaderValue{Key: name, RawValue: []byte(value)})
	}
	add(":authority", target.Host)
	add(":method", r.Method)
	add(":path", target.Path)
	add(":scheme", target.Scheme)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		add(strings.ToLower(name), r.Header.Get(name))
	}
	if r.Method != http.MethodGet {
		add("content-length", strconv.Itoa(len(r.Body)))
		add("x-envoy-auth-partial-body", "false")
	}
	add("accept-encoding", "gzip")
	add("user-agent", "Go-http-client/2.0")
	add("x-forwarded-for", "192.0.2.2")
	add("x-forwarded-proto", "https")
	add("x-envoy-external-address", "127.0.0.1")
	add("x-request-id", requestID)
	return all
}

// from puts the question about a connection with a certificate.
func (q *question) from(certificate string) *authv3.CheckRequest {
	return &authv3.CheckRequest{Attributes: &authv3.AttributeContext{
		Source:            peer(49704, "CN=software,OU=organisation,O=OpenBanking,C=GB", certificate),
		Destination:       peer(8443, "localhost", ""),
		Request:           q.request,
		ContextExtensions: q.extensions,
		MetadataContext:   &corev3.Metadata{}, RouteMetadataContext: &corev3.Metadata{},
		TlsSession: &authv3.AttributeContext_TLSSession{},
	}}
}

func peer(port uint32, principal, certificate string) *authv3.AttributeContext_Peer {
	return &authv3.AttributeContext_Peer{
		Address: &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
			Address: "127.0.0.1", PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port},
		}}},
		Principal: principal, Certificate: certificate,
	}
}
