package extauthz

import (
	"errors"
	"net/http"
	"net/textproto"
	"strings"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
)

// partialBody is set by Envoy alone, which drops a client's own copy. "true" says that the body was cut at the limit:
// on HTTP/2 Envoy asks about such a request all the same, and would pass the whole body on.
const partialBody = "X-Envoy-Auth-Partial-Body"

// errMalformed is for a CheckRequest that no Envoy of ours sends.
var errMalformed = errors.New("the check request names no HTTP request")

// target is what a request asks for, and where it came in.
type target struct {
	listener string
	route    string // that Envoy chose, "" for its catch-all routes
	allow    string // where the path has routes for other methods alone: those
	version  string
	method   string
	path     string // undecoded, without the query
	query    string
}

// readTarget reads method, path and Envoy's own choice of a route.
func readTarget(check *authv3.CheckRequest) (target, error) {
	request := check.GetAttributes().GetRequest().GetHttp()
	if request == nil || request.GetMethod() == "" || !strings.HasPrefix(request.GetPath(), "/") {
		return target{}, errMalformed
	}
	path, query, _ := strings.Cut(request.GetPath(), "?") // Envoy's path includes the query, and is normalised
	extensions := check.GetAttributes().GetContextExtensions()
	return target{
		listener: extensions[routes.ContextListener], route: extensions[routes.ContextRoute], allow: extensions[routes.ContextAllow],
		version: extensions[routes.ContextVersion],
		method:  request.GetMethod(), path: path, query: query,
	}, nil
}

// readRequest makes the request that filters see.
func readRequest(check *authv3.CheckRequest, t target) (*filter.Request, error) {
	attributes := check.GetAttributes()
	request := attributes.GetRequest().GetHttp()
	header := readHeader(request)
	body := request.GetRawBody()
	if len(body) == 0 {
		body = []byte(request.GetBody())
	}
	if header.Get(partialBody) == "true" {
		return nil, dcr.Refuse(dcr.TooLarge, "request.size", "the body is larger than this endpoint accepts")
	}
	return &filter.Request{
		Method: t.method, Target: request.GetPath(), Path: t.path, Query: t.query, Header: header, Body: body,
		PeerPEM: attributes.GetSource().GetCertificate(),
	}, nil
}

// readHeader keeps every value as it came: two headers of one name stay two.
func readHeader(request *authv3.AttributeContext_HttpRequest) http.Header {
	header := make(http.Header, len(request.GetHeaderMap().GetHeaders()))
	for _, h := range request.GetHeaderMap().GetHeaders() {
		value := h.GetValue()
		if raw := h.GetRawValue(); len(raw) > 0 {
			value = string(raw)
		}
		name := textproto.CanonicalMIMEHeaderKey(h.GetKey())
		header[name] = append(header[name], value)
	}
	for name, value := range request.GetHeaders() { // only where Envoy is not told to encode raw headers
		header.Add(name, value)
	}
	return header
}
