package admin

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

func (e *explanation) text() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s, by %s (%s)\n", e.Method, e.URL, e.File, config.Short(e.Version))
	for _, done := range e.Normalised {
		fmt.Fprintf(&text, "  %s\n", done)
	}
	if e.Refused != "" {
		fmt.Fprintf(&text, "  is refused before any route is looked for: %s\n", e.Refused)
		return text.String()
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

// lines are what there is to say, each with what it is about.
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
		{"is told", a.told()},
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

// told is what the upstream gets beside the request.
func (a *routeAnswer) told() string {
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
