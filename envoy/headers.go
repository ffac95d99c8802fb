package envoy

import (
	"slices"
	"strings"

	mutationv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	earlyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/http/early_header_mutation/header_mutation/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// Removed are request headers that nobody behind Envoy receives from a client, and why. A name that ends with * is a
// prefix. A bank's service that stood behind another proxy may still believe that proxy's headers.
type Removed struct {
	Why   string
	Names []string
}

// RemovedHeaders returns all request headers that are removed on every route, before anything reads them. Headers with an
// underscore in their name are dropped as well. An upstream's strip_headers are removed from its own requests only.
func RemovedHeaders() []Removed { return removed }

var removed = []Removed{
	{"the gateway's own", []string{"x-dcr-*"}},
	{"Envoy's own", []string{"x-envoy-*"}},
	// "any occurrence of the Client-Cert ... header field in the original incoming request" must go (RFC 9440, section 2.4).
	{"a client certificate: RFC 9440, HAProxy, F5, Google Cloud", []string{"client-cert*", "x-client-cert*", "x-client-dn*", "x-client-verify*"}},
	{"a client certificate: nginx, Apache, HAProxy, F5", []string{"ssl-*", "x-ssl-*"}},
	{"a client certificate or user: AWS", []string{"x-amzn-mtls-*", "x-amzn-oidc-*", "x-amzn-tls-*"}},
	{"a client certificate, user or address: Azure", []string{"x-arr-*", "x-ms-client-principal*", "x-ms-token-*", "x-azure-*"}},
	{"a client certificate, user or address: Cloudflare", []string{"cf-*"}},
	{"a client certificate or address: WebLogic, WebSphere", []string{"wl-proxy-*", "$ws*"}},
	// No proxy in front of Envoy could read the request, so these are forged.
	{"what another proxy received (Traefik's client certificate too)", []string{"x-forwarded-*", "forwarded"}},
	{"the client's address", []string{
		"client-ip", "fastly-client-ip", "proxy-client-ip", "true-client-ip", "x-client-ip", "x-cluster-client-ip", "x-original-forwarded-for",
		"x-originating-ip", "x-real-*", "x-remote-addr", "x-remote-ip",
	}},
	{"a user that another proxy authenticated", []string{"remote-user", "x-auth-request-*", "x-remote-user"}},
	{"another method, host or path than the gate decided about", []string{
		"x-host", "x-http-host-override", "x-http-method", "x-http-method-override", "x-http-path-override", "x-method-override", "x-original-host",
		"x-original-method", "x-original-uri", "x-original-url", "x-replaced-path", "x-rewrite-url",
	}},
	{"an HTTP proxy for the service's own requests (httpoxy)", []string{"proxy"}},
}

// foreignTraces are removed where the gateway's own requests are traced: a trace begins at the edge. A client that could
// choose ids would mix traces up, and one that could ask for recording would have the bank pay for it. The first two are W3C
// Trace Context; others are of Envoy, W3C Baggage, B3, Jaeger, Datadog, AWS, Google Cloud and SkyWalking.
var foreignTraces = Removed{"a trace that a client began", []string{
	"traceparent", "tracestate", "x-client-trace-id", "baggage", "b3", "x-b3-*", "uber-trace-id", "uberctx-*", "x-datadog-*", "x-amzn-trace-id",
	"x-cloud-trace-context", "sw8*",
}}

// removeHeaders removes them from a client's request.
func (t *translation) removeHeaders() []*corev3.TypedExtensionConfig {
	var mutations []*mutationv3.HeaderMutation
	groups := removed
	if t.options.Traces != nil {
		groups = append(slices.Clip(groups), foreignTraces)
	}
	for _, group := range groups {
		for _, name := range group.Names {
			mutations = append(mutations, &mutationv3.HeaderMutation{Action: &mutationv3.HeaderMutation_RemoveOnMatch_{
				RemoveOnMatch: &mutationv3.HeaderMutation_RemoveOnMatch{KeyMatcher: matchName(name)},
			}})
		}
	}
	return []*corev3.TypedExtensionConfig{{
		Name:        "envoy.http.early_header_mutation.header_mutation",
		TypedConfig: t.pack(&earlyv3.HeaderMutation{Mutations: mutations}),
	}}
}

func matchName(name string) *matcherv3.StringMatcher {
	if prefix, ok := strings.CutSuffix(name, "*"); ok {
		return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Prefix{Prefix: prefix}}
	}
	return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: name}}
}

// hardened are the response headers that every answer has, whoever gives it. What an upstream sets itself stays.
func hardened() []*corev3.HeaderValueOption {
	return []*corev3.HeaderValueOption{
		addIfAbsent("strict-transport-security", "max-age=31536000"), // a year (RFC 6797, section 6.1.1)
		addIfAbsent("x-content-type-options", "nosniff"),
	}
}
