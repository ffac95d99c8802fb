package admin

import "github.com/dcr-gateway/dcr-gateway/config/routes"

// A routeAnswer is what happens to a request that meets a route.
type routeAnswer struct {
	Name      string            `json:"name"`
	Path      string            `json:"path"`
	Params    map[string]string `json:"params,omitempty"`
	Methods   []string          `json:"methods"`
	Public    bool              `json:"public,omitempty"`
	Checks    []string          `json:"checks,omitempty"` // in the order in which the gate runs them
	Scopes    []string          `json:"scopes,omitempty"`
	Roles     []string          `json:"roles,omitempty"`
	Profile   string            `json:"profile,omitempty"`
	Endpoint  string            `json:"endpoint,omitempty"`
	Plan      string            `json:"plan,omitempty"`
	PerSource string            `json:"per_source,omitempty"`
	PerClient string            `json:"per_client,omitempty"`
	BodyLimit string            `json:"body_limit"`
	Timeout   string            `json:"timeout"`
	Upstream  string            `json:"upstream"`
	Address   []string          `json:"address"`
	TLS       string            `json:"tls,omitempty"` // server name that the upstream must have
	Facts     string            `json:"facts"`
	Token     bool              `json:"token"`
}

func newRouteAnswer(file *routes.File, route *routes.Route, path string) *routeAnswer {
	params, _ := route.Params(path)
	upstream, plan := file.Upstreams[route.Upstream], file.Plans[route.Plan]
	answer := &routeAnswer{
		Name: route.Name, Path: route.Path, Params: params, Methods: route.Methods, Public: route.Public, Checks: chain(route),
		Scopes: route.Scopes, Roles: route.Roles, Profile: route.Profile, Endpoint: route.Endpoint,
		Plan: route.Plan, PerSource: plan.PerSource.String(), PerClient: plan.PerClient.String(),
		BodyLimit: route.BodyLimit.String(), Timeout: duration(route.Timeout),
		Upstream: route.Upstream, Address: upstream.Address, Facts: route.Facts, Token: route.Token,
	}
	if upstream.TLS != nil {
		answer.TLS = upstream.TLS.ServerName
	}
	return answer
}

// chain puts checks in the order in which the gate runs them.
func chain(route *routes.Route) []string {
	names, err := route.Chain()
	if err != nil { // which Parse refuses
		return route.Checks
	}
	return names
}
