package routes

import "time"

const (
	defaultListener        = "mtls"
	defaultUpstreamTimeout = 10 * time.Second
	defaultTokenLifetime   = 5 * time.Minute
	formLimit              = 16 << 10 // of the endpoints that take a form
)

// fillDefaults fills in what the file leaves out. This is all of it: nothing else in the product has a default for
// something that routes.yaml could have said.
func (f *File) fillDefaults() {
	if f.Tokens.Lifetime == 0 {
		f.Tokens.Lifetime = defaultTokenLifetime
	}
	for name, upstream := range f.Upstreams {
		if upstream.Timeout == 0 {
			upstream.Timeout = defaultUpstreamTimeout
			f.Upstreams[name] = upstream
		}
	}
	for i := range f.Routes {
		route := &f.Routes[i]
		if route.Listener == "" {
			route.Listener = defaultListener
		}
		if route.Upstream == "" && route.Endpoint != "" {
			route.Upstream = Registry
		}
		if route.BodyLimit == 0 {
			route.BodyLimit = bodyLimit(route.Endpoint)
		}
		if route.Timeout == 0 {
			route.Timeout = f.Upstreams[route.Upstream].Timeout
		}
	}
}

func bodyLimit(endpoint string) Size {
	switch endpoint {
	case EndpointToken, EndpointRevocation, EndpointIntrospection:
		return formLimit
	}
	return MaxBody
}
