package envoy

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	serviceconfigv3 "github.com/envoyproxy/go-control-plane/envoy/config/ratelimit/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	fleetv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ratelimit/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// rateLimitName is the name of the rate limit service's cluster; routes.Reserved keeps it from upstreams.
const rateLimitName = "rate-limit-service"

// rateLimits asks the service about requests of proved clients on routes with a plan. What it does not answer in time is
// refused.
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
					ClusterName: rateLimitName, Authority: rateLimitName,
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
	return t.cluster(rateLimitName, []string{service.Address}, http2(new(corev3.Http2ProtocolOptions)))
}
