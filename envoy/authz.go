package envoy

import (
	"time"

	mutationv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	bufferv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/buffer/v3"
	authzv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
)

const (
	// authzFilter is the filter's name, the key of its settings on a route, and its namespace in the dynamic metadata.
	authzFilter = "envoy.filters.http.ext_authz"

	// bufferFilter holds a request until its body is there and answers 413 where it is too large. ext_authz says that it
	// does so itself; but over HTTP/2 Envoy 1.40 asks the gate about the beginning of such a body when its last frame is
	// what makes it too large, and passes on all of it.
	bufferFilter = "envoy.filters.http.buffer"

	// gateName is the name of the gate's cluster; routes.Read keeps it from upstreams.
	gateName = "gate"

	// maxRefusal is the largest body of a refusal that is passed on whole.
	maxRefusal = 16 << 10

	// mutable are the request headers that the gate may set. Any other one is answered with 500: a fault of the gate is loud.
	mutable = `^(x-dcr-.*|x-fapi-interaction-id|authorization)$`
)

// extAuthz asks the gate about every request. There is no failure mode but closed.
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
		MaxDeniedResponseBodyBytes: maxRefusal,
		ChargeClusterResponseStats: no(),
		EmitFilterStateStats:       true,
	}
}

// gateService asks again only where the gate has not seen the question: at a restart. The gate burns nothing, so a
// question asked twice does no harm.
func gateService() *corev3.GrpcService {
	return &corev3.GrpcService{
		TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{
			ClusterName: gateName,
			Authority:   gateName,
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

// wholeBody gives the gate the whole body, as bytes. Where it were not the whole, x-envoy-auth-partial-body would say
// so and the gate refuse it.
func wholeBody(limit routes.Size) *authzv3.BufferSettings {
	return &authzv3.BufferSettings{MaxRequestBytes: uint32(limit), AllowPartialMessage: false, PackAsBytes: true}
}

// filterSettings are the filters' settings of one route. Envoy takes the most specific ones whole, so each route has
// all of them. A route that nobody serves (limit 0) needs no body.
func (t *translation) filterSettings(limit routes.Size, context map[string]string) map[string]*anypb.Any {
	settings := &authzv3.CheckSettings{ContextExtensions: context}
	buffer := new(bufferv3.BufferPerRoute)
	if limit > 0 {
		settings.WithRequestBody = wholeBody(limit)
		buffer.Override = &bufferv3.BufferPerRoute_Buffer{Buffer: bodyBuffer(limit)}
	} else {
		settings.DisableRequestBodyBuffering = true
		buffer.Override = &bufferv3.BufferPerRoute_Disabled{Disabled: true}
	}
	return map[string]*anypb.Any{
		authzFilter: t.pack(&authzv3.ExtAuthzPerRoute{
			Override: &authzv3.ExtAuthzPerRoute_CheckSettings{CheckSettings: settings},
		}),
		bufferFilter: t.pack(buffer),
	}
}

func bodyBuffer(limit routes.Size) *bufferv3.Buffer {
	return &bufferv3.Buffer{MaxRequestBytes: number(uint32(limit))}
}
