package envoy

import (
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	previousv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/host/previous_hosts/v3"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// A target is what becomes of a request that is let on.
type target struct {
	upstream string
	timeout  time.Duration
}

func (t *translation) action(to target) *routev3.Route_Route {
	return once(t.actions, to, func() *routev3.Route_Route {
		upstream := t.file.Upstreams[to.upstream]
		action := &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: to.upstream},
			Timeout:          duration(to.timeout),
		}
		if to.timeout >= streamIdleTimeout { // nothing moves while an upstream thinks
			action.IdleTimeout = duration(to.timeout + streamIdleTimeout)
		}
		if upstream.Host != "" {
			action.HostRewriteSpecifier = &routev3.RouteAction_HostRewriteLiteral{HostRewriteLiteral: upstream.Host}
		}
		if upstream.Retries > 0 {
			action.RetryPolicy = t.unseenOnly(&upstream)
		}
		return &routev3.Route_Route{Route: action}
	})
}

// unseenOnly sends a request again only where the upstream has not seen it, so that its restart is not noticed. Where
// there is another server it need not wait.
func (t *translation) unseenOnly(upstream *routes.Upstream) *routev3.RetryPolicy {
	policy := &routev3.RetryPolicy{
		RetryOn:    "connect-failure,refused-stream",
		NumRetries: number(upstream.Retries),
		RetryBackOff: &routev3.RetryPolicy_RetryBackOff{
			BaseInterval: duration(250 * time.Millisecond),
			MaxInterval:  duration(500 * time.Millisecond),
		},
	}
	if len(upstream.Address) > 1 {
		policy.RetryBackOff.BaseInterval = duration(10 * time.Millisecond)
		policy.RetryHostPredicate = []*routev3.RetryPolicy_RetryHostPredicate{{
			Name: "envoy.retry_host_predicates.previous_hosts",
			ConfigType: &routev3.RetryPolicy_RetryHostPredicate_TypedConfig{
				TypedConfig: t.pack(&previousv3.PreviousHostsPredicate{}),
			},
		}}
		policy.HostSelectionRetryMaxAttempts = int64(len(upstream.Address))
	}
	return policy
}
