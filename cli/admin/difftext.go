package admin

import (
	"fmt"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// text prints changes part by part. What protects less stands behind an exclamation mark.
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
	if c.Was != "" {
		text += ", and was named " + c.Was
	}
	if c.Summary != "" {
		text += ": " + c.Summary
	}
	text += "\n"
	for i := range c.Details {
		text += c.Details[i].text()
	}
	return text
}

// text says what is another, and of lists what came and went: what went is what may protect less.
func (d *detail) text() string {
	bad, why := "   ", ""
	if d.Weakens != "" {
		bad, why = " ! ", " ("+d.Weakens+")"
	}
	switch {
	case d.Added != nil || d.Removed != nil:
		text := ""
		if len(d.Added) > 0 {
			text = "   " + d.Key + " added: " + strings.Join(d.Added, ", ") + "\n"
		}
		if len(d.Removed) > 0 {
			text += bad + d.Key + " removed: " + strings.Join(d.Removed, ", ") + why + "\n"
		}
		return text
	case d.Old == "":
		return bad + d.Key + ": " + d.New + why + "\n"
	case d.New == "":
		return bad + d.Key + ": no longer " + d.Old + why + "\n"
	}
	return bad + d.Key + ": " + d.Old + " -> " + d.New + why + "\n"
}

// routeSummary is a route in one line.
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

// summary is another part in one line: all that it says.
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
