package routes

import (
	"slices"
	"strings"
)

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
	EndpointJWKS:          {"GET": nil},
	EndpointDiscovery:     {"GET": nil},
	EndpointErrors:        {"GET": nil},
}

// checkEndpointPath: "POST /register" makes a client, and all other operations are on "/register/{ClientId}" (OBIE DCR,
// Endpoints). The other endpoints have one path each.
func (c *checker) checkEndpointPath(r routePlace) {
	for _, segment := range Segments(r.Path) {
		name, named := Param(segment)
		if named && (name != ClientIDParam || r.Endpoint != EndpointRegistration || slices.Contains(r.Methods, "POST")) {
			c.add("route.endpoint_path", r.key("path"), "must have no {Name}, but for {%s} where a registration is read, updated or deleted", ClientIDParam)
			return
		}
	}
}

func (c *checker) checkEndpoint(r routePlace) {
	if (r.Endpoint == EndpointRegistration) != (r.Profile != "") && c.sound(r.key("endpoint")) {
		c.add("route.profile", r.key("profile"), "a profile and the endpoint %s need each other", EndpointRegistration)
	}
	if r.Endpoint == "" && r.Upstream == Registry {
		c.add("route.endpoint", r.key("endpoint"), "must be there: the registry serves endpoints alone, which are %s", strings.Join(kinds["endpoint"].Texts(), ", "))
	}
	if r.Endpoint != "" {
		c.checkEndpointPath(r)
	}
	duty, known := duties[r.Endpoint]
	for i, method := range r.Methods {
		needed, has := duty[method]
		if known && !has {
			c.add("route.method", item(r.key("methods"), i), "the endpoint %s does not have it", r.Endpoint)
		}
		for _, check := range needed {
			if !r.Needs(check) {
				c.add("route.duty", r.key("checks"), "%s at the endpoint %s needs the check %s", method, r.Endpoint, check)
			}
		}
	}
}
