package admin

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// A routeAnswer says what happens to a request that matches a route.
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
	TLS       string            `json:"tls,omitempty"` // server name that the upstream's certificate must have
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
		BodyLimit: route.BodyLimit.String(), Timeout: yamlfile.WriteDuration(route.Timeout),
		Upstream: route.Upstream, Address: upstream.Address, Facts: route.Facts, Token: route.Token,
	}
	if upstream.TLS != nil {
		answer.TLS = upstream.TLS.ServerName
	}
	return answer
}

// chain returns a route's checks in the order in which the gate runs them.
func chain(route *routes.Route) []string {
	names, err := route.Chain()
	if err != nil { // Parse refuses such a route
		return route.Checks
	}
	return names
}

func (e *explanation) text() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s, by %s (%s)\n", e.Method, e.URL, e.File, config.Short(e.Version))
	if e.Refused != "" {
		fmt.Fprintf(&text, "  is refused before routing: %s\n", e.Refused)
		return text.String()
	}
	if !strings.Contains(e.URL, e.Path) {
		fmt.Fprintf(&text, "  the path is read as %s\n", e.Path)
	}
	if e.Note != "" {
		fmt.Fprintf(&text, "  %s\n", e.Note)
	}
	for _, m := range e.Meets {
		m.write(&text)
	}
	if len(e.Others) > 0 {
		text.WriteString("why not\n")
		table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
		for _, one := range e.Others {
			fmt.Fprintf(table, "  %s\t%s %s\t%s\n", one.Route, strings.Join(one.Methods, ","), one.Path, one.Why)
		}
		_ = table.Flush() // into memory
	}
	return text.String()
}

func (m *met) write(text *strings.Builder) {
	switch m.Status {
	case 421:
		fmt.Fprintf(text, "at listener %s: 421, it is %s and no other host\n", m.Listener, strings.Join(m.Names, ", "))
		return
	case 404:
		fmt.Fprintf(text, "at listener %s: 404, no route has this path\n", m.Listener)
		return
	case 405:
		fmt.Fprintf(text, "at listener %s: 405, the path is %s, whose methods are %s\n", m.Listener, m.group.Path, strings.Join(m.Allow, ", "))
		return
	}
	fmt.Fprintf(text, "at listener %s: route %s\n", m.Listener, m.Route.Name)
	table := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	for _, line := range m.Route.lines() {
		if line[1] != "" {
			fmt.Fprintf(table, "  %s\t%s\n", line[0], line[1])
		}
	}
	_ = table.Flush() // into memory
}

// lines returns the rows of the text: label and value.
func (a *routeAnswer) lines() [][2]string {
	checks := strings.Join(a.Checks, ", then ")
	if a.Public {
		checks = "none: the route is public"
	}
	return [][2]string{
		{"path", a.Path + a.params()},
		{"checks", checks},
		{"scopes", strings.Join(a.Scopes, " and ")},
		{"roles", strings.Join(a.Roles, " and ")},
		{"endpoint", a.Endpoint},
		{"profile", a.Profile},
		{"plan", a.plan()},
		{"body", "up to " + a.BodyLimit},
		{"upstream", a.upstream()},
		{"timeout", a.Timeout},
		{"receives", a.receives()},
	}
}

func (a *routeAnswer) params() string {
	var said []string
	for _, name := range slices.Sorted(maps.Keys(a.Params)) {
		said = append(said, name+" is "+a.Params[name])
	}
	if said == nil {
		return ""
	}
	return " (" + strings.Join(said, ", ") + ")"
}

func (a *routeAnswer) plan() string {
	if a.Plan == "" {
		return "none"
	}
	text := a.Plan
	for _, limit := range []struct{ rate, of string }{{a.PerSource, "source"}, {a.PerClient, "client"}} {
		if limit.rate != "" {
			text += ", " + limit.rate + " of one " + limit.of
		}
	}
	return text
}

func (a *routeAnswer) upstream() string {
	text := a.Upstream + " at " + strings.Join(a.Address, ", ")
	if a.TLS != "" {
		text += ", with TLS to " + a.TLS
	}
	return text
}

// receives describes what the upstream receives in addition to the request.
func (a *routeAnswer) receives() string {
	text := map[string]string{
		routes.FactsSigned:  "signed facts (x-dcr-facts)",
		routes.FactsHeaders: "plain x-dcr headers",
		routes.FactsNone:    "nothing of what was checked",
	}[a.Facts]
	if a.Token {
		return text + ", and the Authorization header"
	}
	return text + "; not the Authorization header"
}
