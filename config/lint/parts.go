package lint

import (
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// publicRoutes finds public routes whose path begins like those of protected ones. Open endpoints of the registry are
// intended to be there.
func (l *linter) publicRoutes() {
	protected := map[string]int{}
	for i := range l.Routes {
		if !l.Routes[i].Public {
			protected[prefix(l.Routes[i].Path)]++
		}
	}
	for i := range l.Routes {
		route := &l.Routes[i]
		number := protected[prefix(route.Path)]
		if route.Public && number > 0 && !openEndpoint(route.Endpoint) {
			l.add("public.prefix", at(i, "public"), "open to everyone, while under %s %d other routes are protected", prefix(route.Path), number)
		}
	}
}

// openEndpoint reports whether a name is that of an endpoint without checks.
func openEndpoint(name string) bool {
	return slices.ContainsFunc(routes.Endpoints, func(e routes.Endpoint) bool { return e.Name == name && e.Open() })
}

// prefix is the first two segments of a path, by which APIs and their versions are told apart.
func prefix(path string) string {
	slashes := 0
	for i := range len(path) {
		if path[i] != '/' {
			continue
		}
		if slashes++; slashes == 3 {
			return path[:i]
		}
	}
	return path
}

// plans reports once that there are routes without a rate plan.
func (l *linter) plans() {
	first, number := -1, 0
	for i := range l.Routes {
		if l.Routes[i].Plan != "" {
			continue
		}
		if number++; first < 0 {
			first = i
		}
	}
	if number > 0 {
		l.add("plan.none", fmt.Sprintf("routes[%d]", first), "%d of %d routes have no rate plan, route %s first: a plan named %s holds for all that name none",
			number, len(l.Routes), l.Routes[first].Name, routes.DefaultPlan)
	}
}

// listeners finds those that accept any Host and pass it on. One that clients know by its IP address has no name to give.
func (l *linter) listeners() {
	for _, name := range slices.Sorted(maps.Keys(l.Listeners)) {
		listener := l.Listeners[name]
		u, err := url.Parse(listener.URL)
		if err != nil || len(listener.ServerNames) > 0 {
			continue
		}
		if _, err := netip.ParseAddr(u.Hostname()); err != nil && u.Hostname() != "localhost" {
			l.add("listener.any_host", "listeners."+name, "has no server_names: a request may name any host, and upstreams without a host of their own receive it")
		}
	}
}

// upstreams checks the transport and the timeout of upstreams.
func (l *linter) upstreams() {
	for _, name := range slices.Sorted(maps.Keys(l.Upstreams)) {
		upstream, where := l.Upstreams[name], "upstreams."+name
		if !l.Has(where + ".timeout") {
			l.add("upstream.no_timeout", where, "has no timeout of its own: the default of %s applies, which may not suit this server", upstream.Timeout)
		}
		for _, address := range upstream.Address {
			at, _ := routes.ParseAddress(address) // Parse has checked it
			switch local := at.Socket != ""; {
			case l.keepsClients(name) && !local && (upstream.TLS == nil || upstream.TLS.Certificate == ""):
				l.add("registry.tls", where, "%s is a registry on TCP, which answers only clients with a certificate: tls must name one", address)
			case upstream.TLS == nil:
				l.plain(where, address)
			}
		}
	}
	if l.RateLimits != nil {
		l.plain("rate_limit_service", l.RateLimits.Address)
	}
}

// keepsClients reports whether an upstream is the registry.
func (l *linter) keepsClients(upstream string) bool {
	return slices.ContainsFunc(l.Routes, func(r routes.Route) bool { return r.Endpoint != "" && r.Upstream == upstream })
}

// plain checks an address that is used without TLS.
func (l *linter) plain(where, text string) {
	address, err := routes.ParseAddress(text)
	if err != nil || address.Socket != "" || address.Host == "localhost" {
		return
	}
	ip, err := netip.ParseAddr(address.Host)
	switch {
	case err != nil:
		l.add("upstream.plain", where+".address", "%s is used without TLS, and the DNS decides where requests go", text)
	case !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsLinkLocalUnicast():
		l.add("upstream.plain", where+".address", "%s is used without TLS, and is not an address of a private network", text)
	}
}

// unused finds parts that no route uses.
func (l *linter) unused() {
	listeners, upstreams, plans := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range l.Routes {
		route := &l.Routes[i]
		listeners[route.Listener], upstreams[route.Upstream], plans[route.Plan] = true, true, true
	}
	notIn(l, "listener.unused", "listeners.", l.Listeners, listeners)
	notIn(l, "upstream.unused", "upstreams.", l.Upstreams, upstreams)
	notIn(l, "plan.unused", "plans.", l.Plans, plans)
}

func notIn[T any](l *linter, rule, section string, all map[string]T, used map[string]bool) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !used[name] {
			l.add(rule, section+name, "no route uses it")
		}
	}
}
