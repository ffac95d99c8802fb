package envoy

import (
	"time"

	mutationv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authzv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// mutable are the request headers that the gate may set. Any other one is answered with 500, so that a bug in the gate
// shows.
const mutable = `^(x-dcr-.*|` + interactionID + `|authorization)$`

// extAuthz asks the gate about every request. It always fails closed.
func (t *translation) extAuthz() *authzv3.ExtAuthz {
	return &authzv3.ExtAuthz{
		Services:            &authzv3.ExtAuthz_GrpcService{GrpcService: gateService()},
		TransportApiVersion: corev3.ApiVersion_V3,
		StatPrefix:          "gate",
		FailureModeAllow:    false,
		StatusOnError:       &typev3.HttpStatus{Code: typev3.StatusCode_ServiceUnavailable},
		WithRequestBody:     wholeBody(routes.MaxBody),
		ClearRouteCache:     false,

		IncludePeerCertificate: true,
		IncludeTlsSession:      true,
		EncodeRawHeaders:       true,
		DisallowedHeaders: &matcherv3.ListStringMatcher{Patterns: []*matcherv3.StringMatcher{
			{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: "cookie"}},
		}},

		ValidateMutations: true,
		DecoderHeaderMutationRules: &mutationv3.HeaderMutationRules{
			DisallowAll:     yes(),
			AllowExpression: &matcherv3.RegexMatcher{Regex: mutable},
			DisallowIsError: yes(),
		},
		MaxDeniedResponseBodyBytes: dcr.MaxAnswer,
		ChargeClusterResponseStats: no(),
		EmitFilterStateStats:       true,
	}
}

// gateService retries only a check that the gate has not seen, as at its restart. The gate consumes nothing, so a check
// that is sent twice does no harm.
func gateService() *corev3.GrpcService {
	return &corev3.GrpcService{
		TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{
			ClusterName: routes.GateCluster,
			Authority:   routes.GateCluster,
			RetryPolicy: &corev3.RetryPolicy{
				RetryOn:    "connect-failure,refused-stream,reset-before-request",
				NumRetries: number(1),
				RetryBackOff: &corev3.BackoffStrategy{
					BaseInterval: duration(50 * time.Millisecond),
					MaxInterval:  duration(200 * time.Millisecond),
				},
			},
		}},
		Timeout: duration(routes.GateTimeout),
	}
}

// wholeBody sends the gate the whole body, as bytes. If it were cut, x-envoy-auth-partial-body would say so and the gate
// would refuse the request.
func wholeBody(limit routes.Size) *authzv3.BufferSettings {
	return &authzv3.BufferSettings{MaxRequestBytes: uint32(limit), AllowPartialMessage: false, PackAsBytes: true}
}

// smallBody waits for all of a small body, and for the beginning of a large one. It must be below bufferLimit: Envoy answers
// 413 to what is larger than that.
func smallBody() *authzv3.BufferSettings {
	return &authzv3.BufferSettings{MaxRequestBytes: bufferLimit / 2, AllowPartialMessage: true, PackAsBytes: true}
}

// question sets what a check says about the route. Envoy merges its context with that of the virtual host; all other
// settings come from the most specific level only.
// A nil body is not waited for.
func (t *translation) question(body *authzv3.BufferSettings, context map[string]string) *anypb.Any {
	settings := &authzv3.CheckSettings{ContextExtensions: context, WithRequestBody: body, DisableRequestBodyBuffering: body == nil}
	return t.pack(&authzv3.ExtAuthzPerRoute{Override: &authzv3.ExtAuthzPerRoute_CheckSettings{CheckSettings: settings}})
}
