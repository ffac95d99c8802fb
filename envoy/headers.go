package envoy

import (
	mutationv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	earlyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/http/early_header_mutation/header_mutation/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// reserved are the beginnings of the headers by which the parts behind Envoy know who is asking, and by which it is told
// what to do:
// "any occurrence of the Client-Cert ... header field in the original incoming request" must go (RFC 9440, section 2.4).
// What a proxy in front of Envoy says would be a client's invention: there is none that could read the request.
func reserved() []string {
	return []string{"x-dcr-", "x-envoy-", "client-cert", "x-forwarded-", "forwarded"}
}

// elsewhere are headers by which servers of some makes take another method or another path than that of the request,
// which the gate has been asked about.
func elsewhere() []string {
	return []string{"x-original-url", "x-rewrite-url", "x-http-method", "x-http-method-override", "x-method-override"}
}

// reservedHeaders removes these from what a client sends, before anything reads them.
func (t *translation) reservedHeaders() []*corev3.TypedExtensionConfig {
	var matchers []*matcherv3.StringMatcher
	for _, prefix := range reserved() {
		matchers = append(matchers, &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Prefix{Prefix: prefix}})
	}
	for _, name := range elsewhere() {
		matchers = append(matchers, &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: name}})
	}
	var mutations []*mutationv3.HeaderMutation
	for _, matcher := range matchers {
		mutations = append(mutations, &mutationv3.HeaderMutation{Action: &mutationv3.HeaderMutation_RemoveOnMatch_{
			RemoveOnMatch: &mutationv3.HeaderMutation_RemoveOnMatch{KeyMatcher: matcher},
		}})
	}
	return []*corev3.TypedExtensionConfig{{
		Name:        "envoy.http.early_header_mutation.header_mutation",
		TypedConfig: t.pack(&earlyv3.HeaderMutation{Mutations: mutations}),
	}}
}
