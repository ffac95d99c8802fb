package admin

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// A difference lists what changes from one file to another, with the defaults of both filled in.
type difference struct {
	Old     version  `json:"old"`
	New     version  `json:"new"`
	Changes []change `json:"changes"`
	Weakens int      `json:"weakens"` // number of changes after which less is protected
	Whole   bool     `json:"whole"`   // directories, profiles and CAs were compared too
}

type version struct {
	File    string `json:"file"`
	Version string `json:"version,omitempty"` // "" if the files that it names are not here
}

// A change is a change of one part: file, listener, upstream, plan, rate_limit_service, edge or route.
type change struct {
	Part    string   `json:"part"`
	Name    string   `json:"name,omitempty"`
	Kind    string   `json:"change"` // added, removed or changed
	Summary string   `json:"summary,omitempty"`
	Details []detail `json:"details,omitempty"`
	Weakens bool     `json:"weakens"`
}

// A detail is a key whose value differs; for lists, what was added and removed.
type detail struct {
	Key     string   `json:"key"`
	Old     string   `json:"old,omitempty"`
	New     string   `json:"new,omitempty"`
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`
	Weakens string   `json:"weakens,omitempty"` // why less is protected than before
}

// The kinds of change.
const (
	added   = "added"
	removed = "removed"
	changed = "changed"
)

func diffFlags(c *call, flags *flag.FlagSet) {
	flags.BoolVar(&c.failOnWeaker, "fail-on-weaker", false, "exit with 1 if less is protected than before, or if the files that are included cannot be compared")
}

// diff compares two files and what they include.
func diff(_ context.Context, c *call) error {
	was, err := c.model(c.Operands[0])
	if err != nil {
		return err
	}
	is, err := c.model(c.Operands[1])
	if err != nil {
		return err
	}
	d := compare(version{c.Operands[0], was.ID()}, version{c.Operands[1], is.ID()}, was, is)
	if err := c.print(d); err != nil {
		return err
	}
	if c.failOnWeaker && (d.Weakens > 0 || !d.Whole) {
		return refused
	}
	return nil
}

// model reads a file to compare, even one from another machine, which names files that are not here.
func (c *call) model(path string) (*config.Version, error) {
	version, err := config.Read(path)
	if err == nil {
		return version, nil
	}
	text, unread := os.ReadFile(path)
	if unread != nil {
		return nil, unread
	}
	file, refusal := routes.ParseKept(path, text, filepath.Dir(path))
	if refusal != nil {
		return nil, c.refuse(path, refusal)
	}
	return &config.Version{File: file}, nil
}

func compare(old, new version, from, to *config.Version) *difference {
	d, was, is := &difference{Old: old, New: new, Changes: []change{}}, from.File, to.File
	d.part("file", "", general(was), general(is))
	if d.Whole = old.Version != "" && new.Version != ""; d.Whole {
		d.included(from, to)
	}
	named(d, "listener", was.Listeners, is.Listeners)
	named(d, "upstream", was.Upstreams, is.Upstreams)
	named(d, "plan", was.Plans, is.Plans)
	d.part("rate_limit_service", "", fieldsOf(was.RateLimits), fieldsOf(is.RateLimits))
	d.part("edge", "", fieldsOf(was.Edge), fieldsOf(is.Edge))
	d.Changes = append(d.Changes, compareRoutes(was, is)...)
	for i := range d.Changes {
		if d.Changes[i].Weakens {
			d.Weakens++
		}
	}
	return d
}

// general returns the top-level values of the file, without its parts.
func general(file *routes.File) []field {
	top := *file
	top.Listeners, top.Upstreams, top.Plans, top.RateLimits, top.Edge, top.Routes = nil, nil, nil, nil, routes.Edge{}, nil
	return fieldsOf(top)
}

// part compares one part that both files have.
func (d *difference) part(part, name string, was, is []field) {
	if details := detailsOf(part, was, is); len(details) > 0 {
		d.Changes = append(d.Changes, newChange(part, name, changed, details))
	}
}

func newChange(part, name, kind string, details []detail) change {
	weakens := slices.ContainsFunc(details, func(one detail) bool { return one.Weakens != "" })
	return change{Part: part, Name: name, Kind: kind, Details: details, Weakens: weakens}
}

// named compares parts by their names.
func named[T any](d *difference, part string, was, is map[string]T) {
	names := slices.Sorted(maps.Keys(was))
	names = append(names, slices.Sorted(maps.Keys(is))...)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		old, had := was[name]
		new, has := is[name]
		switch {
		case !had:
			d.Changes = append(d.Changes, change{Part: part, Name: name, Kind: added, Summary: summary(fieldsOf(new))})
		case !has:
			d.Changes = append(d.Changes, change{Part: part, Name: name, Kind: removed, Summary: summary(fieldsOf(old))})
		default:
			d.part(part, name, fieldsOf(old), fieldsOf(new))
		}
	}
}

// compareRoutes compares each route with those that served its requests before, whatever their names: it detects a check
// that is lost when a route is renamed.
func compareRoutes(was, is *routes.File) []change {
	var changes []change
	served, compared := map[string]*routes.Route{}, map[*routes.Route]bool{}
	for i := range was.Routes {
		for _, request := range requests(&was.Routes[i]) {
			served[request] = &was.Routes[i]
		}
	}
	for i := range is.Routes {
		route := &is.Routes[i]
		olds := before(route, served, was)
		for _, old := range olds {
			compared[old] = true
		}
		if len(olds) == 0 {
			changes = append(changes, addedRoute(route))
		} else if details := routeDetails(olds, route); len(details) > 0 {
			changes = append(changes, newChange("route", route.Name, changed, details))
		}
	}
	for i := range was.Routes {
		if route := &was.Routes[i]; !compared[route] {
			changes = append(changes, change{Part: "route", Name: route.Name, Kind: removed, Summary: routeSummary(route)})
		}
	}
	return changes
}

// requests returns the requests that a route serves.
func requests(route *routes.Route) []string {
	var all []string
	for _, method := range route.Methods {
		all = append(all, method+" "+route.Listener+routes.Shape(route.Path))
	}
	return all
}

// before returns the old routes that served a route's requests, the one of the same name first; only that one if none did.
func before(route *routes.Route, served map[string]*routes.Route, was *routes.File) []*routes.Route {
	var olds []*routes.Route
	for _, request := range requests(route) {
		switch old := served[request]; {
		case old == nil || slices.Contains(olds, old):
		case old.Name == route.Name:
			olds = slices.Insert(olds, 0, old)
		default:
			olds = append(olds, old)
		}
	}
	if same := was.Route(route.Name); olds == nil && same != nil {
		return []*routes.Route{same}
	}
	return olds
}

// routeDetails returns what differs from the first old route, and what the other old routes protected better.
func routeDetails(olds []*routes.Route, route *routes.Route) []detail {
	details := detailsOf("route", fieldsOf(*olds[0]), fieldsOf(*route))
	for _, old := range olds[1:] {
		for _, one := range detailsOf("route", fieldsOf(*old), fieldsOf(*route)) {
			if one.Weakens != "" {
				one.Weakens += ", as route " + old.Name + " did not"
				details = append(details, one)
			}
		}
	}
	return details
}

func addedRoute(route *routes.Route) change {
	one := change{Part: "route", Name: route.Name, Kind: added, Summary: routeSummary(route)}
	if route.Public {
		one.Weakens = true
		one.Details = []detail{{Key: "public", New: "true", Weakens: "open to everyone"}}
	}
	return one
}

// text prints changes part by part. An exclamation mark precedes what is less protected.
func (d *difference) text() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s -> %s: ", d.Old.text(), d.New.text())
	switch {
	case len(d.Changes) == 0:
		text.WriteString("nothing changes\n")
	case d.Weakens > 0:
		fmt.Fprintf(&text, "%s, %d PROTECTING LESS THAN BEFORE\n", count(len(d.Changes), "change"), d.Weakens)
	default:
		fmt.Fprintf(&text, "%s, none protecting less than before\n", count(len(d.Changes), "change"))
	}
	if !d.Whole {
		text.WriteString("what these files include is not all here, or not valid: directories, profiles and CAs were not compared\n")
	}
	for _, one := range d.Changes {
		text.WriteString(one.text())
	}
	return text.String()
}

func (v version) text() string {
	if v.Version == "" {
		return v.File
	}
	return v.File + " (" + config.Short(v.Version) + ")"
}

func (c *change) text() string {
	text := strings.TrimSpace(c.Part+" "+c.Name) + " is " + c.Kind
	if c.Summary != "" {
		text += ": " + c.Summary
	}
	text += "\n"
	for i := range c.Details {
		text += c.Details[i].text()
	}
	return text
}

// text prints old and new value, or for lists what was added and removed: a removed item may mean less protection.
func (d *detail) text() string {
	bad, why := "   ", ""
	if d.Weakens != "" {
		bad, why = " ! ", " ("+d.Weakens+")"
	}
	switch {
	case d.Added != nil || d.Removed != nil:
		text := ""
		if len(d.Added) > 0 {
			if len(d.Removed) == 0 {
				return bad + d.Key + " added: " + strings.Join(d.Added, ", ") + why + "\n"
			}
			text = "   " + d.Key + " added: " + strings.Join(d.Added, ", ") + "\n"
		}
		return text + bad + d.Key + " removed: " + strings.Join(d.Removed, ", ") + why + "\n"
	case d.Old == "":
		return bad + d.Key + ": " + d.New + why + "\n"
	case d.New == "":
		return bad + d.Key + ": no longer " + d.Old + why + "\n"
	}
	return bad + d.Key + ": " + d.Old + " -> " + d.New + why + "\n"
}

// routeSummary describes a route in one line.
func routeSummary(route *routes.Route) string {
	text := strings.Join(route.Methods, ", ") + " " + route.Path + " at listener " + route.Listener
	if route.Public {
		return text + ", public, to upstream " + route.Upstream
	}
	text += ", " + strings.Join(chain(route), ", ")
	if len(route.Scopes) > 0 {
		text += ", scopes " + strings.Join(route.Scopes, " and ")
	}
	if len(route.Roles) > 0 {
		text += ", roles " + strings.Join(route.Roles, " and ")
	}
	return text + ", to upstream " + route.Upstream
}

// summary describes any other part in one line.
func summary(fields []field) string {
	var said []string
	for _, f := range fields {
		value := f.value
		if f.isList {
			value = strings.Join(f.list, " ")
		}
		if value != "" && value != "0" && value != "0s" && value != "false" {
			said = append(said, f.key+" "+value)
		}
	}
	return strings.Join(said, ", ")
}
