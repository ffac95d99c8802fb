package profile

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
)

var (
	profileName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,31}$`)
	memberName  = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)
	mediaType   = regexp.MustCompile(`^[a-z]+/[a-z0-9.+-]+$`)
	scopeToken  = regexp.MustCompile(`^[!#-\[\]-~]{1,64}$`)
	sentence    = regexp.MustCompile(`^[ -~]{1,80}$`) // what refusals print
)

// faults collects what is wrong, each with where it is.
type faults []error

func (f *faults) add(path, format string, arguments ...any) {
	*f = append(*f, fmt.Errorf("profile: %s: %s", path, fmt.Sprintf(format, arguments...)))
}

func (f *faults) among(path, value string, values ...string) {
	if !slices.Contains(values, value) {
		f.add(path, "must be one of %s", strings.Join(values, ", "))
	}
}

func check(p *dcr.Profile) error {
	var f faults
	if !profileName.MatchString(p.Name) {
		f.add("name", "must be of lower-case letters, digits, dots and hyphens")
	}
	if !sentence.MatchString(p.Standard) {
		f.add("standard", "must be how a refusal cites the standard, in ASCII")
	}
	if !sentence.MatchString(p.Dictionary) {
		f.add("dictionary", "must be how a refusal cites the section with the members, in ASCII")
	}
	f.among("body", p.Body, dcr.BodyJWS, dcr.BodyJSON)
	f.among("unknown_scopes", p.UnknownScopes, dcr.RefuseScopes, dcr.DropScopes)
	f.among("clients.duplicates", p.Clients.Duplicates, dcr.RejectDuplicates, dcr.ReturnExisting, dcr.AllowDuplicates)
	f.among("clients.default_scope", p.Clients.DefaultScope, dcr.DefaultRegistered, dcr.DefaultNone)
	if p.Clients.ManagementScope != "" && !scopeToken.MatchString(p.Clients.ManagementScope) {
		f.add("clients.management_scope", "must be a scope token, of printable ASCII without spaces")
	}
	if len(p.ContentTypes) == 0 {
		f.add("content_types", "must name at least one")
	}
	for i, media := range p.ContentTypes {
		if !mediaType.MatchString(media) {
			f.add(fmt.Sprintf("content_types[%d]", i), "must be a media type in lower case, without parameters")
		}
	}
	if p.Request.MaxAge <= 0 {
		f.add("request.max_age", "must be a duration above 0, as 60m")
	}
	if p.Request.MaxLifetime <= 0 {
		f.add("request.max_lifetime", "must be a duration above 0, as 24h")
	}
	if len(p.Members) == 0 {
		f.add("members", "must hold the data dictionary")
	}
	for _, name := range slices.Sorted(maps.Keys(p.Members)) {
		checkMember(&f, "members."+name, name, p.Members[name])
	}
	checkNames(&f, p)
	checkRules(&f, p.Rules)
	return errors.Join(f...)
}

// checkNames checks what members are as: what rules ask for by the profile's own name, and each one once.
func checkNames(f *faults, p *dcr.Profile) {
	names := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(p.Members)) {
		member := p.Members[name]
		if member == nil || member.As == "" {
			continue
		}
		path := "members." + name + ".as"
		if !slices.Contains(rule.Renamed(), member.As) {
			f.add(path, "must be one of %s", strings.Join(rule.Renamed(), ", "))
		}
		if p.Members[member.As] != nil {
			f.add(path, "%s is a member itself", member.As)
		}
		if other, taken := names[member.As]; taken {
			f.add(path, "%s is that already", other)
		}
		names[member.As] = name
	}
}

func checkRules(f *faults, rules []string) {
	if len(rules) == 0 {
		f.add("rules", "must name at least one")
	}
	for i, id := range rules {
		path := fmt.Sprintf("rules[%d]", i)
		if !rule.Known(id) {
			f.add(path, "there is no rule %s", id)
		}
		if slices.Contains(rules[:i], id) {
			f.add(path, "%s is named twice", id)
		}
	}
}

func checkMember(f *faults, path, name string, m *dcr.Member) {
	if m == nil {
		f.add(path, "must say at least type and in")
		return
	}
	if !memberName.MatchString(name) {
		f.add(path, "the name must be of lower-case letters, digits and underscores")
	}
	f.among(path+".type", m.Type, dcr.TypeString, dcr.TypeStrings, dcr.TypeAudience, dcr.TypeInteger, dcr.TypeBoolean)
	f.among(path+".in", m.In, dcr.InRequest, dcr.InResponse, dcr.InBoth)
	checkBounds(f, path, m)
	checkValues(f, path, m)
	checkPattern(f, path, m)
}

func checkBounds(f *faults, path string, m *dcr.Member) {
	text := m.Type == dcr.TypeString || m.Type == dcr.TypeStrings || m.Type == dcr.TypeAudience
	if m.MaxLength < 0 || m.MaxLength > 0 && !text {
		f.add(path+".max_length", "must be above 0, of a string, strings or audience")
	}
	if m.MinItems < 0 || m.MinItems > 0 && m.Type != dcr.TypeStrings {
		f.add(path+".min_items", "must be above 0, of strings")
	}
	if m.Type == dcr.TypeAudience && m.In != dcr.InRequest {
		f.add(path+".in", "must be request, of an audience")
	}
}

func checkValues(f *faults, path string, m *dcr.Member) {
	for i, value := range m.Values {
		at := fmt.Sprintf("%s.values[%d]", path, i)
		switch {
		case !sentence.MatchString(value):
			f.add(at, "must be of 1 to 80 ASCII characters")
		case m.Type == dcr.TypeBoolean && value != "true" && value != "false":
			f.add(at, "must be true or false, of a boolean")
		case slices.Contains(m.Values[:i], value):
			f.add(at, "is there twice")
		}
	}
	checkDefault(f, path, m)
}

func checkDefault(f *faults, path string, m *dcr.Member) {
	one := m.Type == dcr.TypeString || m.Type == dcr.TypeBoolean
	if len(m.Default) > 0 && m.Type != dcr.TypeStrings && !(one && len(m.Default) == 1) {
		f.add(path+".default", "must be of strings, or be one value of a string or boolean")
	}
	for i, value := range m.Default {
		if m.Type == dcr.TypeBoolean && value != "true" && value != "false" {
			f.add(fmt.Sprintf("%s.default[%d]", path, i), "must be true or false, of a boolean")
		}
		if len(m.Values) > 0 && !slices.Contains(m.Values, value) {
			f.add(fmt.Sprintf("%s.default[%d]", path, i), "must be among values")
		}
	}
}

func checkPattern(f *faults, path string, m *dcr.Member) {
	if m.Pattern == "" {
		return
	}
	if !strings.HasPrefix(m.Pattern, "^") || !strings.HasSuffix(m.Pattern, "$") || !sentence.MatchString(m.Pattern) {
		f.add(path+".pattern", "must begin with ^ and end with $, in at most 80 ASCII characters")
	}
	if err := m.Compile(); err != nil {
		f.add(path+".pattern", "must be a regular expression: %v", err)
	}
}
