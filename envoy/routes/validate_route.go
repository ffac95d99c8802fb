package routes

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

var checks = []string{CheckCertificate, CheckStatement, CheckClientAuth, CheckBearer, CheckOwner, CheckScope}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// duties are the methods each endpoint of the registry has, and the checks that its standard does not let it do
// without (OBIE DCR 3.3, "Endpoints"; RFC 7009, section 2.1; RFC 7662, section 2.1). A route may ask for more.
var duties = map[string]map[string][]string{
	EndpointRegistration: {
		"POST":   {CheckCertificate, CheckStatement},
		"GET":    {CheckCertificate, CheckBearer, CheckOwner},
		"PUT":    {CheckCertificate, CheckBearer, CheckOwner, CheckStatement},
		"DELETE": {CheckCertificate, CheckBearer, CheckOwner},
	},
	EndpointToken:         {"POST": {CheckCertificate, CheckClientAuth}},
	EndpointRevocation:    {"POST": {CheckCertificate, CheckClientAuth}},
	EndpointIntrospection: {"POST": {CheckCertificate, CheckClientAuth}},
	EndpointJWKS:          {"GET": nil, "HEAD": nil},
	EndpointDiscovery:     {"GET": nil, "HEAD": nil},
}

func (f *File) checkRoute(p *problems, where string, route *Route) {
	p.name(where+".name", route.Name)
	if err := checkPath(route.Path); err != nil {
		p.add(where+".path", "%v", err)
	}
	p.atLeastOne(where+".methods", len(route.Methods))
	p.known(where+".methods", route.Methods, methods)
	p.positive(where+".timeout", route.Timeout)
	if route.BodyLimit == 0 || route.BodyLimit > MaxBody {
		p.add(where+".body_limit", "must be %s at most, and not nothing", MaxBody)
	}
	f.checkListener(p, where, route)
	f.checkUpstream(p, where, route)
	checkChecks(p, where, route)
	checkEndpoint(p, where, route)
}

func (f *File) checkListener(p *problems, where string, route *Route) {
	listener, ok := f.Listeners[route.Listener]
	if !ok {
		p.add(where+".listener", "no listener has the name %q", route.Listener)
		return
	}
	if len(route.Checks) > 0 && listener.ClientCertificate != CertificateRequired {
		p.add(where+".checks", "listener %q does not require a client certificate, and a route with checks needs one", route.Listener)
	}
}

func (f *File) checkUpstream(p *problems, where string, route *Route) {
	if _, ok := f.Upstreams[route.Upstream]; !ok {
		p.add(where+".upstream", "no upstream has the name %q", route.Upstream)
	}
	if route.Upstream == Registry && route.Endpoint == "" {
		p.add(where+".endpoint", "must be said: the registry serves endpoints alone")
	}
}

func checkChecks(p *problems, where string, route *Route) {
	p.known(where+".checks", route.Checks, checks)
	switch {
	case route.Public && len(route.Checks) > 0:
		p.add(where+".public", "a public route has no checks")
	case !route.Public && len(route.Checks) == 0:
		p.add(where+".checks", "must not be missing or empty: a route that needs none says public: true")
	}
	p.distinct(where+".scopes", route.Scopes)
	if route.Needs(CheckScope) != (len(route.Scopes) > 0) {
		p.add(where+".scopes", "scopes and the check %s need each other", CheckScope)
	}
	if owner := "{" + ClientIDParam + "}"; route.Needs(CheckOwner) && !slices.Contains(Segments(route.Path), owner) {
		p.add(where+".path", "the check %s needs a segment %s", CheckOwner, owner)
	}
}

func checkEndpoint(p *problems, where string, route *Route) {
	if (route.Endpoint == EndpointRegistration) != (route.Profile != "") {
		p.add(where+".profile", "a profile and the endpoint %s need each other", EndpointRegistration)
	}
	if route.Endpoint == "" {
		return
	}
	duty, ok := duties[route.Endpoint]
	if !ok {
		p.add(where+".endpoint", "must be one of %s", strings.Join(slices.Sorted(maps.Keys(duties)), ", "))
		return
	}
	for i, method := range route.Methods {
		needed, ok := duty[method]
		if !ok {
			p.add(fmt.Sprintf("%s.methods[%d]", where, i), "the endpoint %s does not have it", route.Endpoint)
		}
		for _, check := range needed {
			if !route.Needs(check) {
				p.add(where+".checks", "%s at the endpoint %s needs the check %s", method, route.Endpoint, check)
			}
		}
	}
}
