package extauthz

import (
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/sandbox/tpp"
)

const (
	decisionID    = "11111111-2222-3333-4444-555555555555"
	interactionID = "aaaaaaaa-bbbb-CCCC-dddd-eeeeeeeeeeee"
	hostname      = "mtls.example"
)

// ask is what Envoy asks about.
type ask struct {
	listener, route, version string
	host, sni                string
	method, path             string
	header                   [][2]string
	body                     []byte
	peer                     string
}

// ask returns a question as Envoy puts it about a request of the TPP's.
func (w *world) ask(route, method, path string, header ...[2]string) ask {
	a := ask{listener: "mtls", route: route, version: version, host: hostname, sni: hostname, method: method, path: path, peer: w.peer}
	a.header = append([][2]string{{"x-request-id", decisionID}, {"x-fapi-interaction-id", interactionID}}, header...)
	return a
}

// askFor is ask for a request that the TPP's own tool has made.
func (w *world) askFor(route string, request *dcrclient.Request, err error) ask {
	w.t.Helper()
	w.must(err)
	a := w.ask(route, request.Method, strings.TrimPrefix(request.URL, mtlsURL), [2]string{"content-type", request.Header.Get("Content-Type")})
	a.body = request.Body
	return a
}

// registering is the question about a good registration request.
func (w *world) registering() ask {
	w.t.Helper()
	request, err := w.tpp.Register(tpp.Ask{})
	return w.askFor("register", request, err)
}

// reading is the question about a good request for the bank's accounts.
func (w *world) reading(compact string) ask {
	return w.ask("accounts", "GET", "/accounts?page=1", [2]string{"authorization", "Bearer " + compact})
}

func (a ask) with(name, value string) ask {
	a.header = append(append([][2]string{}, a.header...), [2]string{name, value})
	return a
}

// without drops a header.
func (a ask) without(name string) ask {
	var kept [][2]string
	for _, h := range a.header {
		if h[0] != name {
			kept = append(kept, h)
		}
	}
	a.header = kept
	return a
}

func (a ask) request() *authv3.CheckRequest {
	list := &corev3.HeaderMap{}
	for _, h := range a.header {
		list.Headers = append(list.Headers, &corev3.HeaderValue{Key: h[0], RawValue: []byte(h[1])})
	}
	extensions := map[string]string{}
	for name, value := range map[string]string{
		routes.ContextListener: a.listener, routes.ContextRoute: a.route, routes.ContextVersion: a.version,
	} {
		if value != "" {
			extensions[name] = value
		}
	}
	return &authv3.CheckRequest{Attributes: &authv3.AttributeContext{
		Source: &authv3.AttributeContext_Peer{Certificate: a.peer},
		Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{
			Method: a.method, Path: a.path, Host: a.host, HeaderMap: list, RawBody: a.body,
		}},
		TlsSession:        &authv3.AttributeContext_TLSSession{Sni: a.sni},
		ContextExtensions: extensions,
	}}
}
