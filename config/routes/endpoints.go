package routes

import (
	"fmt"
	"slices"
)

// An Endpoint is an endpoint that the registry serves.
type Endpoint struct {
	Name string
	Doc  string // what it does

	// Methods are its methods, each with the checks that its standard demands (OBIE DCR 3.3, Endpoints;
	// RFC 6749, section 3.2.1; RFC 7009, section 2.1; RFC 7662, section 2.1). A route may ask for more.
	Methods map[string][]string

	BodyLimit Size // default for routes; 0 means MaxBody
}

// The names of the endpoints.
const (
	EndpointRegistration  = "registration"
	EndpointToken         = "token"
	EndpointRevocation    = "revocation"
	EndpointIntrospection = "introspection"
	EndpointJWKS          = "jwks"
	EndpointDiscovery     = "discovery"
	EndpointFactsKeys     = "facts-keys"
	EndpointErrors        = "errors"
)

// formLimit is the largest body of an endpoint that accepts a form.
const formLimit Size = 16 << 10

// Endpoints is the table of all endpoints.
var Endpoints = []Endpoint{
	{Name: EndpointRegistration, Doc: "registers, reads, updates and deletes clients (RFC 7591, RFC 7592)", Methods: map[string][]string{
		"POST":   {CheckCertificate, CheckStatement},
		"GET":    {CheckCertificate, CheckBearer, CheckOwner},
		"PUT":    {CheckCertificate, CheckBearer, CheckOwner, CheckStatement},
		"DELETE": {CheckCertificate, CheckBearer, CheckOwner},
	}},
	{Name: EndpointToken, Doc: "issues access tokens (RFC 6749, section 3.2)", BodyLimit: formLimit,
		Methods: map[string][]string{"POST": {CheckCertificate, CheckClientAuth}}},
	{Name: EndpointRevocation, Doc: "revokes tokens (RFC 7009, section 2)", BodyLimit: formLimit,
		Methods: map[string][]string{"POST": {CheckCertificate, CheckClientAuth}}},
	{Name: EndpointIntrospection, Doc: "introspects tokens (RFC 7662, section 2)", BodyLimit: formLimit,
		Methods: map[string][]string{"POST": {CheckCertificate, CheckClientAuth}}},
	{Name: EndpointJWKS, Doc: "publishes the keys that verify access tokens (RFC 7517, section 5)", Methods: map[string][]string{"GET": nil}},
	{Name: EndpointDiscovery, Doc: "publishes the authorization server metadata (RFC 8414, section 3)", Methods: map[string][]string{"GET": nil}},
	{Name: EndpointFactsKeys, Doc: "publishes the keys that verify signed facts, for the services behind the gateway", Methods: map[string][]string{"GET": nil}},
	{Name: EndpointErrors, Doc: "serves the page that explains refusals, which link to it", Methods: map[string][]string{"GET": nil}},
}

// endpointNames returns the names of all endpoints.
func endpointNames() []string {
	var names []string
	for i := range Endpoints {
		names = append(names, Endpoints[i].Name)
	}
	return names
}

// endpoint returns the route's endpoint, or one without a name if the registry does not serve the route.
func (r *Route) endpoint() Endpoint {
	if i := slices.IndexFunc(Endpoints, func(e Endpoint) bool { return e.Name == r.Endpoint }); i >= 0 {
		return Endpoints[i]
	}
	return Endpoint{}
}

// Open reports whether no method of the endpoint demands a check.
func (e *Endpoint) Open() bool {
	for _, checks := range e.Methods {
		if len(checks) > 0 {
			return false
		}
	}
	return true
}

// duties returns what the route's endpoint demands and the route lacks.
func (r *Route) duties() []lack {
	endpoint := r.endpoint()
	if endpoint.Name == "" {
		return nil
	}
	var all []lack
	for i, method := range r.Methods {
		needed, has := endpoint.Methods[method]
		if !has {
			all = append(all, lack{"route.method", item("methods", i), "the endpoint " + r.Endpoint + " does not have it"})
		}
		for _, check := range needed {
			if !r.Needs(check) {
				all = append(all, lack{"route.duty", "checks", fmt.Sprintf("%s at the endpoint %s needs the check %s", method, r.Endpoint, check)})
			}
		}
	}
	return all
}
