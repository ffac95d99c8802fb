package profile

import (
	"fmt"
	"maps"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// check reports the contradictions in a profile.
func check(c *yamlfile.Check, p *dcr.Profile) {
	for _, name := range slices.Sorted(maps.Keys(p.Members)) {
		if c.Sound("members." + name) {
			checkMember(c, "members."+name, p.Members[name])
		}
	}
	checkSpine(c, p.Members)
	checkNames(c, p)
	methods := p.Members["token_endpoint_auth_method"]
	if methods != nil && (len(methods.Values) == 0 || slices.Contains(methods.Values, "tls_client_auth")) && !slices.Contains(p.Rules, "tls_client_auth") {
		c.Add(invalid, "rules", "must name tls_client_auth, where token_endpoint_auth_method may be that")
	}
}

// checkNames checks that each member name occurs once.
func checkNames(c *yamlfile.Check, p *dcr.Profile) {
	names := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(p.Members)) {
		as := p.Members[name].As
		if as == "" {
			continue
		}
		path := "members." + name + ".as"
		if p.Members[as] != nil {
			c.Add(invalid, path, "%s is a member itself", as)
		}
		if other, taken := names[as]; taken {
			c.Add(invalid, path, "%s is that already", other)
		}
		names[as] = name
	}
}

// spine holds the members that the gateway itself depends on, with what must be the same in every profile.
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

// checkSpine checks that every request has what identifies it, and that clients will be able to authenticate.
func checkSpine(c *yamlfile.Check, members map[string]*dcr.Member) {
	for _, name := range slices.Sorted(maps.Keys(spine)) {
		must, m, path := spine[name], members[name], "members."+name
		switch {
		case m == nil:
			c.Add(invalid, path, "must be there: no registration is safe without it")
			continue
		case m.Type != must.Type:
			c.Add(invalid, path+".type", "must be %s in every profile", must.Type)
		}
		if m.In != must.In {
			c.Add(invalid, path+".in", "must be %s in every profile", must.In)
		}
		if must.Required && !m.Required {
			c.Add(invalid, path+".required", "must be true in every profile")
		}
	}
}

// checkMember checks that the keys of a member do not contradict each other.
func checkMember(c *yamlfile.Check, path string, m *dcr.Member) {
	if m.MaxLength > 0 && m.Type != dcr.TypeString && m.Type != dcr.TypeStrings && m.Type != dcr.TypeAudience {
		c.Add(invalid, path+".max_length", "must be of a string, strings or audience")
	}
	if m.MinItems > 0 && m.Type != dcr.TypeStrings {
		c.Add(invalid, path+".min_items", "must be of strings")
	}
	if m.Type == dcr.TypeAudience && m.In != dcr.InRequest {
		c.Add(invalid, path+".in", "must be request, of an audience")
	}
	if err := m.Compile(); err != nil {
		c.Add(invalid, path+".pattern", "must be a regular expression: %v", err)
	}
	if most := map[string]int{dcr.TypeStrings: len(m.Default), dcr.TypeString: 1, dcr.TypeBoolean: 1}[m.Type]; len(m.Default) > most {
		c.Add(invalid, path+".default", "must be of strings, or be one value of a string or boolean")
	}
	for i, value := range m.Values {
		if slices.Contains(m.Values[:i], value) {
			c.Add(invalid, fmt.Sprintf("%s.values[%d]", path, i), "the list has this already")
		}
	}
	checkBooleans(c, path+".values", m, m.Values)
	checkBooleans(c, path+".default", m, m.Default)
	for i, value := range m.Default {
		if len(m.Values) > 0 && !slices.Contains(m.Values, value) {
			c.Add(invalid, fmt.Sprintf("%s.default[%d]", path, i), "must be among values")
		}
	}
}

// checkBooleans checks the values of a boolean.
func checkBooleans(c *yamlfile.Check, path string, m *dcr.Member, values []string) {
	for i, value := range values {
		if m.Type == dcr.TypeBoolean && value != "true" && value != "false" {
			c.Add(invalid, fmt.Sprintf("%s[%d]", path, i), "must be true or false, of a boolean")
		}
	}
}
