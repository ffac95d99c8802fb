package extauthz

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/decision"
)

// partialBody is set only by Envoy, which removes a client's own copy. "true" means that the body was cut at the limit: on
// HTTP/2 Envoy still asks about such a request, and would pass the whole body on.
const partialBody = "X-Envoy-Auth-Partial-Body"

// errMalformed is for a CheckRequest that our Envoys never send.
var errMalformed = errors.New("the check request names no HTTP request")

// target is what a request asks for, and where it arrived.
type target struct {
	listener string
	route    string // that Envoy chose by the path; "" if no route has it
	version  string
	host     string // as the client wrote it
	sni      string // that the TLS client sent; "" if it sent none
	method   string
	path     string // undecoded, without the query
	query    string
}

// readTarget reads method, path and Envoy's choice of a route.
func readTarget(check *authv3.CheckRequest) (target, error) {
	request := check.GetAttributes().GetRequest().GetHttp()
	if request == nil || request.GetMethod() == "" || !strings.HasPrefix(request.GetPath(), "/") {
		return target{}, errMalformed
	}
	path, query, _ := strings.Cut(request.GetPath(), "?") // Envoy's path includes the query, and is normalised
	extensions := check.GetAttributes().GetContextExtensions()
	return target{
		listener: extensions[routes.ContextListener], route: extensions[routes.ContextRoute],
		version: extensions[routes.ContextVersion],
		host:    request.GetHost(), sni: check.GetAttributes().GetTlsSession().GetSni(),
		method: request.GetMethod(), path: path, query: query,
	}, nil
}

// readRequest fills in what filters read; the header is set already. Envoy does not send the body of a bank's API, and then
// does not say whether it is complete.
func readRequest(r *filter.Request, check *authv3.CheckRequest, t target) error {
	attributes := check.GetAttributes()
	request := attributes.GetRequest().GetHttp()
	if slices.ContainsFunc(r.Header.Values(partialBody), func(value string) bool { return value != "false" }) {
		return dcr.Refuse("request.size")
	}
	r.Method, r.Target, r.Path, r.Query = t.method, request.GetPath(), t.path, t.query
	r.PeerPEM = attributes.GetSource().GetCertificate()
	if r.Body = request.GetRawBody(); len(r.Body) == 0 {
		r.Body = []byte(request.GetBody())
	}
	return nil
}

// seen are the headers that the gate reads. No other header reaches a filter.
var seen = map[string]string{
	"accept": "Accept", "authorization": "Authorization", "content-encoding": "Content-Encoding", "content-type": "Content-Type", "prefer": "Prefer",
	"x-envoy-auth-partial-body": partialBody, decision.InteractionHeader: http.CanonicalHeaderKey(decision.InteractionHeader), "x-request-id": "X-Request-Id",
}

// readHeader keeps every value separate: two headers of one name stay two.
func readHeader(request *authv3.AttributeContext_HttpRequest) http.Header {
	header := make(http.Header, len(seen))
	for _, h := range request.GetHeaderMap().GetHeaders() {
		name, wanted := seen[strings.ToLower(h.GetKey())]
		if !wanted {
			continue
		}
		value := h.GetValue()
		if raw := h.GetRawValue(); len(raw) > 0 {
			value = string(raw)
		}
		header[name] = append(header[name], value)
	}
	for key, value := range request.GetHeaders() { // only if Envoy is not configured to encode raw headers
		if name, wanted := seen[strings.ToLower(key)]; wanted {
			header[name] = append(header[name], value)
		}
	}
	return header
}
