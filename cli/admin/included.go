package admin

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/dcr-gateway/dcr-gateway/config"
)

// A content is what a directory, a profile or a file of CAs says, by its keys.
type content struct {
	part, name string
	fields     []field
}

// included compares what the files say that routes.yaml includes. A directory or profile is the same if its name is.
func (d *difference) included(was, is *config.Version) {
	old, new := contents(was), contents(is)
	keys := slices.Compact(slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Keys(old)), slices.Collect(maps.Keys(new))))))
	for _, key := range keys {
		before, had := old[key]
		after, has := new[key]
		switch {
		case !had:
			one := change{Part: after.part, Name: after.name, Kind: added}
			if after.part == "directory" {
				one.Weakens = true
				one.Details = []detail{{Key: "certificates", New: "its own", Weakens: "software of another directory may register, with certificates of its CAs"}}
			}
			d.Changes = append(d.Changes, one)
		case !has:
			d.Changes = append(d.Changes, change{Part: before.part, Name: before.name, Kind: removed})
		default:
			d.part(after.part, after.name, before.fields, after.fields)
		}
	}
}

func contents(v *config.Version) map[string]content {
	all := map[string]content{}
	for _, file := range v.Files[1:] {
		if strings.HasSuffix(file.Path, "/") { // the listing of a folder, whose files are here too
			continue
		}
		one := content{"certificates", file.Path, []field{{key: "ca", list: file.Certificates(), isList: true}}}
		if part := partOf(v, file.Path); part != "" {
			var tree map[string]any
			_ = yaml.Unmarshal(file.Text, &tree) // a version was read from it
			one = content{part, file.Path, nil}
			if name, ok := tree["name"].(string); ok {
				one.name = name
			} else if base, ok := tree["extends"].(string); ok {
				one.name = base
			}
			flatten("", tree, &one.fields)
			slices.SortFunc(one.fields, func(a, b field) int { return strings.Compare(a.key, b.key) })
		}
		all[one.part+" "+one.name] = one
	}
	return all
}

// partOf says whether a file is a directory or a profile; "" if it is neither.
func partOf(v *config.Version, name string) string {
	for part, list := range map[string][]string{"directory": v.File.Directories, "profile": v.File.Profiles} {
		for _, one := range list {
			if path.Clean(one) == path.Clean(name) || strings.HasSuffix(one, "/") && path.Clean(one) == path.Dir(name) {
				return part
			}
		}
	}
	return ""
}

// flatten lists the values of a YAML tree. The entries of a list of objects are named by what they are for, since their
// order matters little.
func flatten(key string, node any, all *[]field) {
	join := func(name string) string { return strings.TrimPrefix(key+"."+name, ".") }
	switch is := node.(type) {
	case map[string]any:
		for name, value := range is {
			flatten(join(name), value, all)
		}
	case []any:
		list := field{key: key, isList: true}
		for i, value := range is {
			object, ok := value.(map[string]any)
			if !ok {
				list.list = append(list.list, fmt.Sprint(value))
				continue
			}
			name := fmt.Sprint(i)
			for _, by := range []string{"type", "profile", "name"} {
				if text, ok := object[by].(string); ok {
					name = text
				}
			}
			flatten(join(name), object, all)
		}
		if len(list.list) > 0 {
			*all = append(*all, list)
		}
	case nil:
	default:
		*all = append(*all, field{key: key, value: fmt.Sprint(is)})
	}
}
