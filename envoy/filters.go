package envoy

import (
	bufferv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/buffer/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	managerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// The filters' names. They are also the keys of their settings in a virtual host or a route.
const (
	sourceFilter = "rate_per_source"
	bodyFilter   = "body"
	authzFilter  = "envoy.filters.http.ext_authz" // also its namespace in the dynamic metadata
	clientFilter = "rate_per_client"
	fleetFilter  = "rate_of_fleet"
	uploadFilter = "upload"
	routerFilter = "envoy.filters.http.router"
)

// filters are Envoy's HTTP filters, in order. Everything ahead of ext_authz must be cheap. Nothing between ext_authz and
// the router makes Envoy choose the route again, which would undo the gate's decision; no filter that can do so may ever
// stand there.
func (t *translation) filters() []*managerv3.HttpFilter {
	filters := []*managerv3.HttpFilter{
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

// Two filters hold a request until its body is there, and answer 413 where it is too large. A request meets one of them
// at most. What the gate must see is held before it is asked (bodyFilter). A large body that only the upstream gets is not
// taken in before the gate has let the request on (uploadFilter).
//
// Neither counts what reaches it in one piece, Envoy 1.40 being so made: for bodyFilter that is a body in a single frame
// of HTTP/2, of 16 KiB at most, and for uploadFilter all that Envoy reads while the gate is asked. The former is found by
// ext_authz, which shows the gate the beginning and says that it is not all, and the gate refuses it. For the latter
// the limit must be far above (maxHeld): and as the filter begins to read on at half its limit, twice as far.

// maxHeld is the largest limit of a body that is held before the gate is asked, and shown to it.
const maxHeld routes.Size = 256 << 10

func bodyBuffer(limit routes.Size) *bufferv3.Buffer {
	return &bufferv3.Buffer{MaxRequestBytes: number(limit)}
}

// buffer is such a filter's setting on a route.
func (t *translation) buffer(limit routes.Size) *anypb.Any {
	return once(t.buffers, limit, func() *anypb.Any {
		return t.pack(&bufferv3.BufferPerRoute{
			Override: &bufferv3.BufferPerRoute_Buffer{Buffer: bodyBuffer(limit)},
		})
	})
}

// bodyOf says which filter holds a route's body, and how much of it the gate is shown. Endpoints get facts that are bound
// to their bodies. Where it needs no body, the gate is shown it all the same: ext_authz shows what is held already.
func bodyOf(route *routes.Route) (filter string, shown routes.Size) {
	if route.Endpoint == "" && route.BodyLimit > maxHeld {
		return uploadFilter, 0
	}
	return bodyFilter, route.BodyLimit
}

// noBuffer lets a body pass to nobody: where there is no route, and where the other one of the two filters has it.
func (t *translation) noBuffer() *anypb.Any {
	return t.pack(&bufferv3.BufferPerRoute{Override: &bufferv3.BufferPerRoute_Disabled{Disabled: true}})
}
