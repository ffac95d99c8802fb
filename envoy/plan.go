package envoy

import (
	"maps"
	"slices"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	serviceconfigv3 "github.com/envoyproxy/go-control-plane/envoy/config/ratelimit/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	commonv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/common/ratelimit/v3"
	localv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/local_ratelimit/v3"
	fleetv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ratelimit/v3"
	metadatav3 "github.com/envoyproxy/go-control-plane/envoy/type/metadata/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

const (
	// planNamespace and planKey are where a route's metadata names its plan; planKey is also the descriptor's key for it.
	planNamespace = "dcr-gateway"
	planKey       = "plan"

	// clientKey is the descriptor's key for the client's id.
	clientKey = "client"

	// addressKey is Envoy's descriptor key for the source address.
	addressKey = "masked_remote_address"

	// maxBuckets is how many clients, or sources, of one plan are remembered. Beyond it the least recently seen are
	// dropped, which refills their buckets.
	maxBuckets = 10_000

	// sourcePrefix: an IPv6 client usually owns its whole /64.
	sourcePrefix = 64

	// unlimited is the bucket of requests without a limit. Envoy requires that the fill interval of every other bucket is a
	// multiple of this one's.
	unlimited       = 1 << 31
	unlimitedPeriod = time.Second
)

// noLimit is a rate limit filter as the listener has it. The plans are in the virtual hosts, where a change closes no
// connection.
func noLimit(name string) *localv3.LocalRateLimit { return &localv3.LocalRateLimit{StatPrefix: name} }

// perSource returns the plans' limits per source, or nil if there are none.
func (t *translation) perSource() *localv3.LocalRateLimit {
	address := &routev3.RateLimit_Action{ActionSpecifier: &routev3.RateLimit_Action_MaskedRemoteAddress_{
		MaskedRemoteAddress: &routev3.RateLimit_Action_MaskedRemoteAddress{V6PrefixMaskLen: number(sourcePrefix)},
	}}
	rate := func(plan routes.Plan) routes.Rate { return plan.PerSource }
	return t.buckets(sourceFilter, addressKey, rate, address)
}

// perClient returns the plans' limits per client that the gate has authenticated, or nil if there are none.
func (t *translation) perClient() *localv3.LocalRateLimit {
	rate := func(plan routes.Plan) routes.Rate { return plan.PerClient }
	return t.buckets(clientFilter, clientKey, rate, clientAction())
}

// buckets gives each plan one bucket per value of a key, created when the value is first seen. If an action yields nothing
// (the route has no plan, or the client is unknown), the request has no descriptor and so no limit.
func (t *translation) buckets(name, key string, rate func(routes.Plan) routes.Rate, action *routev3.RateLimit_Action) *localv3.LocalRateLimit {
	var descriptors []*commonv3.LocalRateLimitDescriptor
	for _, plan := range slices.Sorted(maps.Keys(t.file.Plans)) {
		if rate := rate(t.file.Plans[plan]); rate.Count > 0 {
			descriptors = append(descriptors, &commonv3.LocalRateLimitDescriptor{
				Entries:     []*commonv3.RateLimitDescriptor_Entry{{Key: planKey, Value: plan}, {Key: key}},
				TokenBucket: bucket(rate.Count, rate.Period),
			})
		}
	}
	if descriptors == nil {
		return nil
	}
	limit := noLimit(name)
	limit.FilterEnabled, limit.FilterEnforced = always(name+".enabled"), always(name+".enforced")
	limit.TokenBucket = bucket(unlimited, unlimitedPeriod)
	limit.AlwaysConsumeDefaultTokenBucket = no()
	limit.Descriptors = descriptors
	limit.MaxDynamicDescriptors = number(maxBuckets)
	limit.RateLimits = []*routev3.RateLimit{{Actions: []*routev3.RateLimit_Action{planAction(), action}}}
	limit.EnableRetryAfterHeader = true
	return limit
}

func bucket(tokens uint32, period time.Duration) *typev3.TokenBucket {
	return &typev3.TokenBucket{MaxTokens: tokens, TokensPerFill: number(tokens), FillInterval: duration(period)}
}

// always is 100 % of the requests. Envoy requires a runtime key that could override it; no runtime layer sets it.
func always(key string) *corev3.RuntimeFractionalPercent {
	return &corev3.RuntimeFractionalPercent{
		DefaultValue: &typev3.FractionalPercent{Numerator: 100, Denominator: typev3.FractionalPercent_HUNDRED},
		RuntimeKey:   key,
	}
}

// planMetadata names a route's plan.
func (t *translation) planMetadata(plan string) *corev3.Metadata {
	return once(t.plans, plan, func() *corev3.Metadata {
		return &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{
			planNamespace: {Fields: map[string]*structpb.Value{planKey: structpb.NewStringValue(plan)}},
		}}
	})
}

func planAction() *routev3.RateLimit_Action {
	return metadataAction(planKey, planNamespace, planKey, routev3.RateLimit_Action_MetaData_ROUTE_ENTRY)
}

func clientAction() *routev3.RateLimit_Action {
	return metadataAction(clientKey, authzFilter, routes.MetadataClient, routev3.RateLimit_Action_MetaData_DYNAMIC)
}

func metadataAction(name, namespace, key string, source routev3.RateLimit_Action_MetaData_Source) *routev3.RateLimit_Action {
	return &routev3.RateLimit_Action{ActionSpecifier: &routev3.RateLimit_Action_Metadata{
		Metadata: &routev3.RateLimit_Action_MetaData{
			DescriptorKey: name,
			Source:        source,
			MetadataKey: &metadatav3.MetadataKey{Key: namespace, Path: []*metadatav3.MetadataKey_PathSegment{{
				Segment: &metadatav3.MetadataKey_PathSegment_Key{Key: key},
			}}},
		},
	}}
}

// rateLimits asks the rate limit service about requests of authenticated clients on routes with a plan. Requests that it
// does not answer in time are refused.
func rateLimits(service *routes.RateLimitService) *fleetv3.RateLimit {
	return &fleetv3.RateLimit{
		Domain:          service.Domain,
		Timeout:         duration(service.Timeout),
		FailureModeDeny: true,
		StatusOnError:   &typev3.HttpStatus{Code: typev3.StatusCode_ServiceUnavailable},
		RateLimitService: &serviceconfigv3.RateLimitServiceConfig{
			TransportApiVersion: corev3.ApiVersion_V3,
			GrpcService: &corev3.GrpcService{
				TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{
					ClusterName: routes.RateLimitCluster, Authority: routes.RateLimitCluster,
				}},
				Timeout: duration(service.Timeout),
			},
		},
		RateLimits:                     []*routev3.RateLimit{{Actions: []*routev3.RateLimit_Action{planAction(), clientAction()}}},
		DisableXEnvoyRatelimitedHeader: true,
		EnableRetryAfterHeader:         true,
	}
}

func (t *translation) rateLimitCluster(service *routes.RateLimitService) *clusterv3.Cluster {
	return t.cluster(routes.RateLimitCluster, []string{service.Address}, http2(new(corev3.Http2ProtocolOptions)))
}
