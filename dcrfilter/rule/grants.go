package rule

import (
	"slices"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

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
		return metadata("response_types.missing", "response_types", "response_types must not be empty when grant_types has authorization_code").
			Per("RFC 7591, section 2.1")
	case !code && len(types) > 0:
		return metadata("response_types.grant", "response_types", "response_types must be empty or left out unless grant_types has authorization_code").
			Per("RFC 7591, section 2.1")
	}
	return nil
}

// effectiveResponseTypes are the response types that count, never nil: "Defaults to code id_token if not specified" (OBIE
// DCR, Data Dictionary). A client that has no grant with a response type cannot have meant that, and gets none.
func effectiveResponseTypes(r *dcr.Registration) ([]string, error) {
	if r.Request.Has("response_types") {
		return r.Request.Strings("response_types")
	}
	grants, err := optional(r.Request, "grant_types", r.Request.Strings)
	member := r.Profile.Members["response_types"]
	if err != nil || member == nil || !slices.Contains(grants, grantCode) {
		return []string{}, err
	}
	return slices.Concat([]string{}, member.Default), nil
}

// The members that a CIBA client must have, and may have, in that order.
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
			found = append(found, metadata("ciba.without", name, name+" must be left out unless grant_types has "+grantCIBA).Per(dataDictionary(r)+", "+name))
		}
	}
	return dcr.Join(found...)
}

func cibaClient(r *dcr.Registration) error {
	var found []error
	for _, name := range cibaRequired {
		if !r.Request.Has(name) {
			found = append(found, metadata("ciba.missing", name, name+" is required with "+grantCIBA).Per(dataDictionary(r)+", "+name))
		}
	}
	if r.Request.Has(cibaRequired[0]) {
		found = append(found, cibaEndpoint(r))
	}
	return dcr.Join(found...)
}

// cibaEndpoint checks what the delivery mode, which is there, asks of the endpoint.
func cibaEndpoint(r *dcr.Registration) error {
	const endpoint = "backchannel_client_notification_endpoint"
	clause := dataDictionary(r) + ", " + endpoint
	mode, err := r.Request.String("backchannel_token_delivery_mode")
	if err != nil {
		return err
	}
	// "... and backchannel_token_delivery_mode is not poll. This must be a valid HTTPS URL."
	switch poll := mode == "poll"; {
	case poll && r.Request.Has(endpoint):
		return metadata("ciba.endpoint", endpoint, endpoint+" must be left out when backchannel_token_delivery_mode is poll").Per(clause)
	case poll:
		return nil
	case !r.Request.Has(endpoint):
		return metadata("ciba.endpoint", endpoint, endpoint+" is required unless backchannel_token_delivery_mode is poll").Per(clause)
	}
	uri, err := r.Request.String(endpoint)
	if err != nil {
		return err
	}
	if wrong := checkURI(uri); wrong != nil {
		return metadata("ciba.endpoint", endpoint, endpoint+" must "+wrong.must).Per(clause)
	}
	return nil
}
