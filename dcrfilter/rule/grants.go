package rule

import (
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// GrantClientCredentials is the grant type of RFC 6749, section 4.4.
const GrantClientCredentials = "client_credentials"

const (
	grantCode = "authorization_code"
	grantCIBA = "urn:openid:params:grant-type:ciba"
)

// "a grant_types value that includes authorization_code implies a response_types value that includes code, and a
// response_types value that includes code implies a grant_types value that includes authorization_code. As such, a
// server supporting these fields SHOULD take steps to ensure that a client cannot register itself into an inconsistent
// state" (RFC 7591, section 2.1).
func responseTypes(r *dcr.Registration) error {
	grants, err := optional(r.Request, "grant_types", r.Request.Strings)
	if err != nil {
		return err
	}
	types, err := effectiveResponseTypes(r)
	if err != nil {
		return err
	}
	code := slices.Contains(grants, grantCode)
	switch {
	case code && len(types) == 0:
		return dcr.Refuse("response_types.missing").At("/response_types")
	case !code && len(types) > 0:
		return dcr.Refuse("response_types.grant").At("/response_types")
	}
	return nil
}

// effectiveResponseTypes returns the response types with the default applied, never nil: "Defaults to code id_token if
// not specified" (OBIE DCR, Data Dictionary). The default does not apply to a client without a grant that uses response
// types; it gets none.
func effectiveResponseTypes(r *dcr.Registration) ([]string, error) {
	if r.Request.Has("response_types") {
		types, err := r.Request.Strings("response_types")
		return once(types), err
	}
	grants, err := optional(r.Request, "grant_types", r.Request.Strings)
	member := r.Profile.Members["response_types"]
	if err != nil || member == nil || !slices.Contains(grants, grantCode) {
		return []string{}, err
	}
	return slices.Concat([]string{}, member.Default), nil
}

// spellResponseTypes writes the response types as the dictionary does: "the order of values does not matter (e.g.,
// response type "a b" is the same as "b a")" (RFC 6749, section 3.1.1).
func spellResponseTypes(r *dcr.Registration) {
	types, err := r.Request.Strings("response_types")
	member := r.Profile.Members["response_types"]
	if err != nil || member == nil {
		return // for the dictionary to refuse
	}
	for i, asked := range types {
		for _, known := range member.Values {
			if slices.Equal(words(asked), words(known)) {
				types[i] = known
			}
		}
	}
	if spelt, err := Encode(types); err == nil {
		r.Request["response_types"] = spelt
	}
}

// words returns the words of a text that one space separates, in order.
func words(text string) []string {
	split := strings.Split(text, " ")
	slices.Sort(split)
	return split
}

// once returns the values without repeats: a list of values is a set, and a value counts once however often it is there.
func once(values []string) []string {
	set := []string{}
	for _, value := range values {
		if !slices.Contains(set, value) {
			set = append(set, value)
		}
	}
	return set
}

// The members that a CIBA client must have, then those that it may have.
var (
	cibaRequired = []string{"backchannel_token_delivery_mode", "backchannel_authentication_request_signing_alg"}
	cibaOptional = []string{"backchannel_client_notification_endpoint", "backchannel_user_code_parameter_supported"}
)

// "This value MUST be specified iff the grant_types includes urn:openid:params:grant-type:ciba" (OBIE DCR 3.3, Data
// Dictionary, backchannel_token_delivery_mode and its neighbours).
func ciba(r *dcr.Registration) error {
	grants, err := optional(r.Request, "grant_types", r.Request.Strings)
	if err != nil {
		return err
	}
	if slices.Contains(grants, grantCIBA) {
		return cibaClient(r)
	}
	var found []error
	for _, name := range slices.Concat(cibaRequired, cibaOptional) {
		if r.Request.Has(name) {
			found = append(found, dcr.Refuse("ciba.without", name).At("/"+name))
		}
	}
	return dcr.Join(found...)
}

func cibaClient(r *dcr.Registration) error {
	var found []error
	for _, name := range cibaRequired {
		if !r.Request.Has(name) {
			found = append(found, dcr.Refuse("ciba.missing", name).At("/"+name))
		}
	}
	if r.Request.Has(cibaRequired[0]) {
		found = append(found, cibaEndpoint(r))
	}
	return dcr.Join(found...)
}

// cibaEndpoint checks the endpoint against the delivery mode, which is present.
func cibaEndpoint(r *dcr.Registration) error {
	const endpoint = "backchannel_client_notification_endpoint"
	must := func(condition string) error { return dcr.Refuse("ciba.endpoint", condition).At("/" + endpoint) }
	mode, err := r.Request.String("backchannel_token_delivery_mode")
	if err != nil {
		return err
	}
	// "... and backchannel_token_delivery_mode is not poll. This must be a valid HTTPS URL."
	switch poll := mode == "poll"; {
	case poll && r.Request.Has(endpoint):
		return must("be left out when backchannel_token_delivery_mode is poll")
	case poll:
		return nil
	case !r.Request.Has(endpoint):
		return must("be present unless backchannel_token_delivery_mode is poll")
	}
	uri, err := r.Request.String(endpoint)
	if err != nil {
		return err
	}
	if wrong := checkURI(uri); wrong != "" {
		return must("obey the rule " + wrong)
	}
	return nil
}
