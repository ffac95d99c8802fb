package envoy

import (
	"regexp"

	mutationv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	headerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_mutation/v3"
	healthv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/health_check/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// health answers load balancers, without asking the gate: 200 while the gate is healthy and this Envoy is not being
// drained. It answers one path, without a query, and no other request.
func (t *translation) health() *healthv3.HealthCheck {
	exactly := func(header, pattern string) *routev3.HeaderMatcher {
		return &routev3.HeaderMatcher{Name: header, HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{
			StringMatch: &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_SafeRegex{SafeRegex: &matcherv3.RegexMatcher{Regex: pattern}}},
		}}
	}
	return &healthv3.HealthCheck{
		PassThroughMode:              no(),
		Headers:                      []*routev3.HeaderMatcher{exactly(":path", "^"+regexp.QuoteMeta(t.file.Edge.HealthPath)+"$"), exactly(":method", "^(GET|HEAD)$")},
		ClusterMinHealthyPercentages: map[string]*typev3.Percent{routes.GateCluster: {Value: 100}},
	}
}

// internalHeaders removes what the health filter tells other Envoys in answers: in its own, and in all while Envoy is being
// drained.
func internalHeaders() *headerv3.HeaderMutation {
	var mutations []*mutationv3.HeaderMutation
	for _, name := range []string{"x-envoy-upstream-healthchecked-cluster", "x-envoy-immediate-health-check-fail"} {
		mutations = append(mutations, &mutationv3.HeaderMutation{Action: &mutationv3.HeaderMutation_Remove{Remove: name}})
	}
	return &headerv3.HeaderMutation{Mutations: &headerv3.Mutations{ResponseMutations: mutations}}
}
