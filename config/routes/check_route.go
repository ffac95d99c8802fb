package routes

import (
	"slices"
	"strconv"
	"strings"
)

// routePlace is a route with its index.
type routePlace struct {
	*Route
	index int
}

// key returns the YAML path of a key of the route. It is built only for a problem.
func (r routePlace) key(key string) string { return "routes[" + strconv.Itoa(r.index) + "]." + key }

// request is what no two routes may both match.
type request struct{ listener, method, shape string }

func (c *checker) checkRoutes() {
	names, requests := make(map[string]int, len(c.Routes)), make(map[request]int, len(c.Routes))
	for i := range c.Routes {
		r := routePlace{&c.Routes[i], i}
		if first, taken := names[r.Name]; taken && r.Name != "" {
			c.add("route.name", r.key("name"), "is the name of routes[%d] too", first)
		} else {
			names[r.Name] = i
		}
		c.checkRoute(r)
		shape := Shape(r.Path)
		for _, method := range r.Methods {
			asked := request{r.Listener, method, shape}
			if first, taken := requests[asked]; taken && first != i && method != "" && c.sound(r.key("listener")) {
				c.add("route.duplicate", r.key("path"), "routes[%d] has this path and %s on this listener already", first, method)
			} else {
				requests[asked] = i
			}
		}
	}
}

func (c *checker) checkRoute(r routePlace) {
	if r.Name == OtherPaths {
		c.add("route.name", r.key("name"), "is a name that the gateway uses itself")
	}
	if strings.HasSuffix(r.Path, "/") && (r.Endpoint != EndpointRegistration || !slices.Contains(r.Methods, "POST")) {
		c.add("route.path", r.key("path"), "must not end with a slash, unless clients are registered there")
	}
	if name := repeatedParam(r.Path); name != "" {
		c.add("route.path", r.key("path"), "must not have one {Name} twice")
	}
	if r.Users != "" {
		c.file(r.key("users"), r.Users)
	}
	c.checkRefers(r)
	c.checkChecks(r)
	c.checkEndpoint(r)
	c.checkPassedOn(r)
	if limit := r.bodyBound(); r.BodyLimit > limit {
		c.add("route.body_limit", r.key("body_limit"), "must not be larger than %s here", limit)
	}
}

// bodyBound is the gate's bound if it reads the body, otherwise Envoy's.
func (r *Route) bodyBound() Size {
	if r.Endpoint != "" {
		return MaxBody
	}
	return MaxUpload
}

// checkRefers looks up what the route names.
func (c *checker) checkRefers(r routePlace) {
	if listener, there := c.Listeners[r.Listener]; !there {
		c.addUnknown("route.listener", r.key("listener"), "listeners", "listener", r.Listener, c.listeners)
	} else if len(r.Checks) > 0 && listener.ClientCertificate == CertificateNone {
		c.add("route.certificate", r.key("checks"), "listener %q does not require a client certificate, and a route with checks needs one", r.Listener)
	}
	if _, there := c.Upstreams[r.Upstream]; r.Upstream == "" && c.sound(r.key("endpoint")) {
		c.add("route.upstream", r.key("upstream"), "is required: a route without an endpoint must name an upstream")
	} else if r.Upstream != "" && !there {
		c.addUnknown("route.upstream", r.key("upstream"), "upstreams", "upstream", r.Upstream, c.upstreams)
	}
	if _, there := c.Plans[r.Plan]; r.Plan != "" && !there {
		c.addUnknown("route.plan", r.key("plan"), "plans", "plan", r.Plan, c.plans)
	}
}

func (c *checker) checkChecks(r routePlace) {
	switch {
	case r.Public && len(r.Checks) > 0:
		c.add("route.public", r.key("public"), "a public route has no checks")
	case !r.Public && len(r.Checks) == 0:
		c.add("route.checks", r.key("checks"), "is required: a route without checks must have public: true")
	}
	if !c.sound(r.key("checks")) {
		return
	}
	for i := range Checks {
		check := &Checks[i]
		if !r.Needs(check.Name) {
			continue
		}
		for _, lack := range check.lacks(r.Route) {
			c.add(lack.rule, r.key(lack.key), "%s", lack.what)
		}
	}
	for key, names := range r.idle() {
		c.add("route."+key, r.key(key), "has no effect without the check %s", strings.Join(names, " or "))
	}
}

// checkPassedOn checks what the upstream receives. The registry accepts signed facts only. A public route has no facts
// about a client, and must not pass on an unchecked token.
func (c *checker) checkPassedOn(r routePlace) {
	switch {
	case r.Endpoint != "" && r.Facts != FactsSigned:
		c.add("route.facts", r.key("facts"), "must be %s: the registry reads only these", FactsSigned)
	case r.Public && r.Facts == FactsHeaders:
		c.add("route.facts", r.key("facts"), "must not be %s: the client of a public route is unknown", FactsHeaders)
	}
	if r.Token && r.Public {
		c.add("route.token", r.key("token"), "a public route must not pass an unchecked token on")
	}
}

// checkEndpointPath: "POST /register" makes a client, and all other operations are on "/register/{ClientId}" (OBIE DCR,
// Endpoints). The other endpoints have one path each.
func (c *checker) checkEndpointPath(r routePlace) {
	for _, segment := range Segments(r.Path) {
		name, named := Param(segment)
		if named && (name != ClientIDParam || r.Endpoint != EndpointRegistration || slices.Contains(r.Methods, "POST")) {
			c.add("route.endpoint_path", r.key("path"), "must have no {Name} except {%s} to read, update or delete a registration", ClientIDParam)
			return
		}
	}
}

func (c *checker) checkEndpoint(r routePlace) {
	if (r.Endpoint == EndpointRegistration) != (r.Profile != "") && c.sound(r.key("endpoint")) {
		c.add("route.profile", r.key("profile"), "a profile and the endpoint %s need each other", EndpointRegistration)
	}
	if r.Endpoint == "" && r.Upstream == Registry {
		c.add("route.endpoint", r.key("endpoint"), "is required: the registry serves only endpoints, which are %s", strings.Join(kinds["endpoint"].Texts(), ", "))
	}
	if r.Endpoint != "" {
		c.checkEndpointPath(r)
	}
	for _, lack := range r.duties() {
		c.add(lack.rule, r.key(lack.key), "%s", lack.what)
	}
}
