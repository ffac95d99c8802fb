package profile

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/internal/strictyaml"
)

var (
	profileName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,31}$`)
	memberName  = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)
	mediaType   = regexp.MustCompile(`^[a-z]+/[a-z0-9.+-]+$`)
	sentence    = regexp.MustCompile(`^[ -~]{1,80}$`) // what refusals print
)

// among notes a value that is none of those there are.
func among(f *strictyaml.Faults, path, value string, values ...string) {
	f.Unless(slices.Contains(values, value), path, "be one of "+strings.Join(values, ", "))
}

// check says what is wrong with a profile.
func check(p *dcr.Profile) strictyaml.Faults {
	var f strictyaml.Faults
	f.Unless(profileName.MatchString(p.Name), "name", "be of lower-case letters, digits, dots and hyphens")
	f.Unless(sentence.MatchString(p.Standard), "standard", "be how a refusal cites the standard, in ASCII")
	f.Unless(sentence.MatchString(p.Dictionary), "dictionary", "be how a refusal cites the section with the members, in ASCII")
	among(&f, "body", p.Body, dcr.BodyJWS, dcr.BodyJSON)
	f.Unless(len(p.ContentTypes) > 0, "content_types", "name at least one")
	f.Each("content_types", p.ContentTypes, mediaType.MatchString, "be a media type in lower case, without parameters")
	f.Unless(p.Request.MaxAge > 0, "request.max_age", "be a duration above 0, as 60m")
	f.Unless(p.Request.MaxLifetime > 0, "request.max_lifetime", "be a duration above 0, as 24h")
	checkClients(&f, p.Clients)
	among(&f, "unknown_scopes", p.UnknownScopes, dcr.RefuseScopes, dcr.DropScopes)
	f.Unless(len(p.Members) > 0, "members", "hold the data dictionary")
	for _, name := range slices.Sorted(maps.Keys(p.Members)) {
		checkMember(&f, "members."+name, name, p.Members[name])
	}
	checkSpine(&f, p.Members)
	checkNames(&f, p)
	checkRules(&f, p)
	return f
}

func checkClients(f *strictyaml.Faults, c dcr.ClientPolicy) {
	among(f, "clients.duplicates", c.Duplicates, dcr.RejectDuplicates, dcr.ReturnExisting, dcr.AllowDuplicates)
	among(f, "clients.default_scope", c.DefaultScope, dcr.DefaultRegistered, dcr.DefaultNone)
	f.Unless(c.ManagementScope == "" || rule.IsScope(c.ManagementScope), "clients.management_scope", "be a scope token, of printable ASCII without spaces")
}

// checkNames checks what members are as: what rules ask for by the profile's own name, and each one once.
func checkNames(f *strictyaml.Faults, p *dcr.Profile) {
	names := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(p.Members)) {
		member := p.Members[name]
		if member == nil || member.As == "" {
			continue
		}
		path := "members." + name + ".as"
		if !slices.Contains(rule.Renamed(), member.As) {
			f.Add(path, "must be one of %s", strings.Join(rule.Renamed(), ", "))
		}
		if p.Members[member.As] != nil {
			f.Add(path, "%s is a member itself", member.As)
		}
		if other, taken := names[member.As]; taken {
			f.Add(path, "%s is that already", other)
		}
		names[member.As] = name
	}
}

// spine are the members that the gateway itself lives on, by what must be the same in every profile.
var spine = map[string]dcr.Member{
	"iss":                        {Type: dcr.TypeString, In: dcr.InRequest, Required: true},
	"iat":                        {Type: dcr.TypeInteger, In: dcr.InRequest, Required: true},
	"exp":                        {Type: dcr.TypeInteger, In: dcr.InRequest, Required: true},
	"aud":                        {Type: dcr.TypeAudience, In: dcr.InRequest, Required: true},
	"jti":                        {Type: dcr.TypeString, In: dcr.InRequest, Required: true},
	"redirect_uris":              {Type: dcr.TypeStrings, In: dcr.InBoth},
	"token_endpoint_auth_method": {Type: dcr.TypeString, In: dcr.InBoth, Required: true},
	"grant_types":                {Type: dcr.TypeStrings, In: dcr.InBoth, Required: true},
	"response_types":             {Type: dcr.TypeStrings, In: dcr.InBoth},
	"software_statement":         {Type: dcr.TypeString, In: dcr.InBoth, Required: true},
}

// checkSpine checks that requests can be told from one another and clients can authenticate.
func checkSpine(f *strictyaml.Faults, members map[string]*dcr.Member) {
	for _, name := range slices.Sorted(maps.Keys(spine)) {
		must, m := spine[name], members[name]
		if m == nil {
			f.Add("members", "must hold %s: no registration is safe without it", name)
			continue
		}
		path := "members." + name
		f.Unless(m.Type == must.Type, path+".type", "be "+must.Type+" in every profile")
		f.Unless(m.In == must.In, path+".in", "be "+must.In+" in every profile")
		f.Unless(m.Required || !must.Required, path+".required", "be true in every profile")
	}
}

func checkRules(f *strictyaml.Faults, p *dcr.Profile) {
	rules, methods := p.Rules, p.Members["token_endpoint_auth_method"]
	if methods != nil && (len(methods.Values) == 0 || slices.Contains(methods.Values, "tls_client_auth")) {
		f.Unless(slices.Contains(rules, "tls_client_auth"), "rules", "name tls_client_auth, where token_endpoint_auth_method may be that")
	}
	for _, id := range rule.Indispensable() {
		f.Unless(slices.Contains(rules, id), "rules", "name "+id+": no registration is safe without it")
	}
	for i, id := range rules {
		path := fmt.Sprintf("rules[%d]", i)
		if !rule.Known(id) {
			f.Add(path, "there is no rule %s", id)
		}
		if slices.Contains(rules[:i], id) {
			f.Add(path, "%s is named twice", id)
		}
	}
}

func checkMember(f *strictyaml.Faults, path, name string, m *dcr.Member) {
	if m == nil {
		f.Add(path, "must say at least type and in")
		return
	}
	if !memberName.MatchString(name) {
		f.Add(path, "the name must be of lower-case letters, digits and underscores")
	}
	among(f, path+".type", m.Type, dcr.TypeString, dcr.TypeStrings, dcr.TypeAudience, dcr.TypeInteger, dcr.TypeBoolean)
	among(f, path+".in", m.In, dcr.InRequest, dcr.InResponse, dcr.InBoth)
	checkBounds(f, path, m)
	checkValues(f, path, m)
	checkPattern(f, path, m)
}

func checkBounds(f *strictyaml.Faults, path string, m *dcr.Member) {
	text := m.Type == dcr.TypeString || m.Type == dcr.TypeStrings || m.Type == dcr.TypeAudience
	if m.MaxLength < 0 || m.MaxLength > 0 && !text {
		f.Add(path+".max_length", "must be above 0, of a string, strings or audience")
	}
	if m.MinItems < 0 || m.MinItems > 0 && m.Type != dcr.TypeStrings {
		f.Add(path+".min_items", "must be above 0, of strings")
	}
	if m.Type == dcr.TypeAudience && m.In != dcr.InRequest {
		f.Add(path+".in", "must be request, of an audience")
	}
}

func checkValues(f *strictyaml.Faults, path string, m *dcr.Member) {
	for i, value := range m.Values {
		at := fmt.Sprintf("%s.values[%d]", path, i)
		switch {
		case !sentence.MatchString(value):
			f.Add(at, "must be of 1 to 80 ASCII characters")
		case m.Type == dcr.TypeBoolean && value != "true" && value != "false":
			f.Add(at, "must be true or false, of a boolean")
		case slices.Contains(m.Values[:i], value):
			f.Add(at, "is there twice")
		}
	}
	checkDefault(f, path, m)
}

func checkDefault(f *strictyaml.Faults, path string, m *dcr.Member) {
	most := map[string]int{dcr.TypeStrings: len(m.Default), dcr.TypeString: 1, dcr.TypeBoolean: 1}
	f.Unless(len(m.Default) <= most[m.Type], path+".default", "be of strings, or be one value of a string or boolean")
	for i, value := range m.Default {
		if m.Type == dcr.TypeBoolean && value != "true" && value != "false" {
			f.Add(fmt.Sprintf("%s.default[%d]", path, i), "must be true or false, of a boolean")
		}
		if len(m.Values) > 0 && !slices.Contains(m.Values, value) {
			f.Add(fmt.Sprintf("%s.default[%d]", path, i), "must be among values")
		}
	}
}

func checkPattern(f *strictyaml.Faults, path string, m *dcr.Member) {
	if m.Pattern == "" {
		return
	}
	if !strings.HasPrefix(m.Pattern, "^") || !strings.HasSuffix(m.Pattern, "$") || !sentence.MatchString(m.Pattern) {
		f.Add(path+".pattern", "must begin with ^ and end with $, in at most 80 ASCII characters")
	}
	if err := m.Compile(); err != nil {
		f.Add(path+".pattern", "must be a regular expression: %v", err)
	}
}
