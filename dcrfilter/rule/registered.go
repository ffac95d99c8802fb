package rule

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// Registered returns the client metadata of a registration in the form in which they are stored. Names and forms are
// the same for every profile. It contains the members that the dictionary has in request and response, with defaults
// and with the values that the software statement sets, and nothing else of the request; the software statement is not
// included. The registration must have passed Check: otherwise Registered may fail, and the result must not be stored.
func Registered(asked *dcr.Asked) (strictjson.Object, error) {
	if asked == nil || asked.Profile == nil || asked.Directory == nil || asked.Statement == nil || asked.Statement.Software == nil {
		return nil, errors.New("rules: the registration is not complete")
	}
	r := withStatement(&dcr.Registration{Asked: *asked})
	registered := strictjson.Object{}
	for name, member := range r.Profile.Members {
		value, err := registeredValue(r, name, member)
		if err != nil {
			return nil, fmt.Errorf("rules: %s: %w", name, err)
		}
		if value == nil {
			continue
		}
		if registered[r.Profile.As(name)], err = Encode(value); err != nil {
			return nil, fmt.Errorf("rules: %s: %w", name, err)
		}
	}
	return registered, nil
}

// registeredValue returns what is registered for a member, or nil.
func registeredValue(r *dcr.Registration, name string, member *dcr.Member) (any, error) {
	switch {
	case name == "scope":
		return registeredScope(r)
	case member.In != dcr.InBoth || name == "software_statement":
		return nil, nil
	case name == "software_id":
		return r.Statement.Software.Id, nil
	case name == "response_types":
		return effectiveResponseTypes(r)
	case name == "redirect_uris" && !r.Request.Has(name):
		return once(r.Statement.RedirectURIs), nil
	case name == "token_endpoint_auth_signing_alg" && !member.Required && !signs(r), idle(r, name):
		return nil, nil
	case r.Request.Has(name):
		return typed(r.Request, name, member)
	}
	return byDefault(member), nil
}

// byDefault returns the default of an absent member, or nil.
func byDefault(member *dcr.Member) any {
	switch {
	case len(member.Default) == 0:
		return nil
	case member.Type == dcr.TypeStrings:
		return member.Default
	case member.Type == dcr.TypeBoolean:
		return member.Default[0] == "true"
	}
	return member.Default[0]
}

// signs reports whether the client authenticates with a signature.
func signs(r *dcr.Registration) bool {
	method, err := r.Request.String("token_endpoint_auth_method")
	return err == nil && method == "private_key_jwt"
}

// registeredScope returns the registered scope as one string, each token once, in the order of the request.
func registeredScope(r *dcr.Registration) (any, error) {
	tokens, err := registeredScopes(r)
	if err != nil {
		return nil, err
	}
	return strings.Join(once(tokens), " "), nil
}

// typed reads a member as the type that the dictionary defines, so that it is stored with this type.
func typed(o strictjson.Object, name string, member *dcr.Member) (any, error) {
	switch member.Type {
	case dcr.TypeString:
		return o.String(name)
	case dcr.TypeStrings:
		values, err := o.Strings(name)
		return once(values), err
	case dcr.TypeInteger:
		return o.Int(name)
	case dcr.TypeBoolean:
		return o.Bool(name)
	}
	return nil, strictjson.ErrType
}
