package admin

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

// A difference is all that changes from one file to another, with the defaults of both filled in.
type difference struct {
	Old     version  `json:"old"`
	New     version  `json:"new"`
	Changes []change `json:"changes"`
	Weakens int      `json:"weakens"` // number of changes after which less is protected
}

type version struct {
	File    string `json:"file"`
	Version string `json:"version,omitempty"` // none where the files that it names are not here
}

// A change is one of a part: file, listener, upstream, plan, rate_limit_service, edge or route.
type change struct {
	Part    string   `json:"part"`
	Name    string   `json:"name,omitempty"`
	Was     string   `json:"was,omitempty"` // the name it had before
	Kind    string   `json:"change"`        // added, removed or changed
	Summary string   `json:"summary,omitempty"`
	Details []detail `json:"details,omitempty"`
	Weakens bool     `json:"weakens"`
}

// A detail is a key whose value is another: for lists, what came and what went.
type detail struct {
	Key     string   `json:"key"`
	Old     string   `json:"old,omitempty"`
	New     string   `json:"new,omitempty"`
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`
	Weakens string   `json:"weakens,omitempty"` // why less is protected than before
}

// What happens to a part.
const (
	added   = "added"
	removed = "removed"
	changed = "changed"
)

// diff compares two files. It fails only where one of them is refused.
func diff(_ context.Context, c *call) error {
	was, err := c.model(c.Operands[0])
	if err != nil {
		return err
	}
	is, err := c.model(c.Operands[1])
	if err != nil {
		return err
	}
	return c.print(compare(version{c.Operands[0], was.Version}, version{c.Operands[1], is.Version}, was, is))
}

// model reads what is to be compared: also a file of another day or another machine, which names files that are not here.
func (c *call) model(path string) (*routes.File, error) {
	version, err := config.Read(path)
	if err == nil {
		return version.File, nil
	}
	text, unread := os.ReadFile(path)
	if unread != nil {
		return nil, cli.Exit{Code: 1, Text: unread.Error()}
	}
	file, refusal := routes.ParseKept(path, text, filepath.Dir(path))
	if refusal != nil {
		return nil, c.refuse(path, refusal)
	}
	file.Version = ""
	return file, nil
}

func compare(old, new version, was, is *routes.File) *difference {
	d := &difference{Old: old, New: new, Changes: []change{}}
	d.part("file", "", general(was), general(is))
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

// general are the values at the file's top, without its parts.
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
