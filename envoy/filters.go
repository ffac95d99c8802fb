package envoy

import (
	bufferv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/buffer/v3"
	authzv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	managerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// The filters' names. They are also the keys of their settings in a virtual host or a route.
const (
	internFilter = "internal_headers"
	healthFilter = "health"
	sourceFilter = "rate_per_source"
	bodyFilter   = "body"
	authzFilter  = "envoy.filters.http.ext_authz" // also its namespace in the dynamic metadata
	clientFilter = "rate_per_client"
	fleetFilter  = "rate_of_fleet"
	uploadFilter = "upload"
	routerFilter = "envoy.filters.http.router"
)

// filters are Envoy's HTTP filters, in order. Everything ahead of ext_authz must be cheap. No filter between ext_authz and
// the router may clear the route cache: Envoy would choose the route again and bypass the gate's decision.
func (t *translation) filters() []*managerv3.HttpFilter {
	filters := []*managerv3.HttpFilter{
		t.filter(internFilter, internalHeaders()),
		t.filter(healthFilter, t.health()),
		t.filter(sourceFilter, noLimit(sourceFilter)),
		t.filter(bodyFilter, bodyBuffer(routes.MaxBody)),
		t.filter(authzFilter, t.extAuthz()),
		t.filter(clientFilter, noLimit(clientFilter)),
	}
	if service := t.file.RateLimits; service != nil {
		filters = append(filters, t.filter(fleetFilter, rateLimits(service)))
	}
	return append(filters,
		t.filter(uploadFilter, bodyBuffer(routes.MaxUpload)),
		t.filter(routerFilter, &routerv3.Router{SuppressEnvoyHeaders: true}),
	)
}

func (t *translation) filter(name string, config checkable) *managerv3.HttpFilter {
	return &managerv3.HttpFilter{Name: name, ConfigType: &managerv3.HttpFilter_TypedConfig{TypedConfig: t.pack(config)}}
}

// Two filters buffer a request until its body is complete, and answer 413 if it is too large. At most one of them applies
// to a request. bodyFilter buffers a body that the gate must see, before the gate is asked. uploadFilter buffers a large
// body that only the upstream receives, after the gate has allowed the request.
//
// Neither counts data that reaches it in one piece (Envoy 1.40). For bodyFilter that is a body in a single HTTP/2 frame,
// 16 KiB at most: ext_authz then sends the gate a part of it, marked as partial, and the gate refuses the request. For
// uploadFilter it is all that Envoy reads while the gate is asked. Its limit must therefore be far above maxHeld: twice
// as far, because the filter resumes reading at half its limit.

// maxHeld is the largest limit of a body that is buffered before the gate is asked, and sent to it.
const maxHeld routes.Size = 256 << 10

func bodyBuffer(limit routes.Size) *bufferv3.Buffer {
	return &bufferv3.Buffer{MaxRequestBytes: number(limit)}
}

// buffer returns such a filter's settings on a route.
func (t *translation) buffer(limit routes.Size) *anypb.Any {
	return once(t.buffers, limit, func() *anypb.Any {
		return t.pack(&bufferv3.BufferPerRoute{
			Override: &bufferv3.BufferPerRoute_Buffer{Buffer: bodyBuffer(limit)},
		})
	})
}

// bodyOf returns which filter buffers a route's body, and what of it the gate is sent. Facts for endpoints are bound to
// the body. The gate is sent a buffered body even if it does not need it: ext_authz sends whatever is buffered.
func bodyOf(route *routes.Route) (filter string, shown *authzv3.BufferSettings) {
	if route.Endpoint == "" && route.BodyLimit > maxHeld {
		return uploadFilter, nil
	}
	return bodyFilter, wholeBody(route.BodyLimit)
}

// noBuffer turns one of the two filters off: if there is no route, or if the other filter buffers the body.
func (t *translation) noBuffer() *anypb.Any {
	return t.pack(&bufferv3.BufferPerRoute{Override: &bufferv3.BufferPerRoute_Disabled{Disabled: true}})
}
