package admin

import (
	"slices"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// past finds what a request met before.
type past struct {
	byName    map[string]*routes.Route
	byRequest map[string]*routes.Route
}

func newPast(file *routes.File) *past {
	p := &past{map[string]*routes.Route{}, map[string]*routes.Route{}}
	for i := range file.Routes {
		route := &file.Routes[i]
		p.byName[route.Name] = route
		for _, request := range requests(route) {
			p.byRequest[request] = route
		}
	}
	return p
}

// requests are what a route is asked for.
func requests(route *routes.Route) []string {
	var all []string
	for _, method := range route.Methods {
		all = append(all, method+" "+route.Listener+routes.Shape(route.Path))
	}
	return all
}

// of returns the routes that served a route's requests before: first the one that it is compared with. Where nothing did,
// that is the one of its name.
func (p *past) of(route *routes.Route) []*routes.Route {
	var all []*routes.Route
	for _, request := range requests(route) {
		if old, had := p.byRequest[request]; had && !slices.Contains(all, old) {
			all = append(all, old)
		}
	}
	same, had := p.byName[route.Name]
	if i := slices.Index(all, same); i > 0 {
		all[0], all[i] = same, all[0]
	}
	if len(all) == 0 && had {
		all = append(all, same)
	}
	return all
}

// compareRoutes compares each route with what served its requests before, whatever that was named: who gives a route
// another name and leaves a check out is found out.
func compareRoutes(was, is *routes.File) []change {
	var changes []change
	before, compared := newPast(was), map[*routes.Route]bool{}
	for i := range is.Routes {
		route := &is.Routes[i]
		olds := before.of(route)
		for _, old := range olds {
			compared[old] = true
		}
		if len(olds) == 0 {
			changes = append(changes, addedRoute(route))
		} else if one := changedRoute(olds, route); len(one.Details) > 0 || one.Was != "" {
			changes = append(changes, one)
		}
	}
	for i := range was.Routes {
		if route := &was.Routes[i]; !compared[route] {
			changes = append(changes, change{Part: "route", Name: route.Name, Kind: removed, Summary: routeSummary(route)})
		}
	}
	return changes
}

// changedRoute says what differs from the first of the old routes, and of the others what was protected better.
func changedRoute(olds []*routes.Route, route *routes.Route) change {
	details := slices.DeleteFunc(detailsOf("route", fieldsOf(*olds[0]), fieldsOf(*route)), func(d detail) bool { return d.Key == "name" })
	for _, old := range olds[1:] {
		for _, one := range detailsOf("route", fieldsOf(*old), fieldsOf(*route)) {
			if one.Weakens != "" {
				one.Weakens += ", as route " + old.Name + " did not"
				details = append(details, one)
			}
		}
	}
	one := newChange("route", route.Name, changed, details)
	if olds[0].Name != route.Name {
		one.Was = olds[0].Name
	}
	return one
}

func addedRoute(route *routes.Route) change {
	one := change{Part: "route", Name: route.Name, Kind: added, Summary: routeSummary(route)}
	if route.Public {
		one.Weakens = true
		one.Details = []detail{{Key: "public", New: "true", Weakens: "anybody may ask for it"}}
	}
	return one
}
