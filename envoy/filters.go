package envoy

import (
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	managerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"

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

// filters are what a request goes through, in this order. It costs nobody much before the gate has let it on. None of
// those between the gate and the router makes Envoy choose the route anew, which would undo the gate's decision; no
// filter that can do so may ever stand there.
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
