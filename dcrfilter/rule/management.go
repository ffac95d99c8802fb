package rule

import (
	"slices"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// CheckManagement decides whether an access token with these scopes may read, update or delete a client whose record
// names the profile own, on any path: "Scope: cdr:registration" (Consumer Data Standards, DCR APIs). The path's own
// scopes are checked besides.
func CheckManagement(own *dcr.Profile, scopes []string) error {
	if needed := own.Clients.ManagementScope; needed != "" && !slices.Contains(scopes, needed) {
		refusal := dcr.Refuse("scope.missing", needed)
		refusal.Scope = needed
		return refusal
	}
	return nil
}

// CheckUpdate decides whether a request under the profile by may change a client whose record names the profile own.
// Whoever has only the transport key of a client that signs its requests must not take the client over. method is the
// token_endpoint_auth_method that the request asks for.
func CheckUpdate(own, by *dcr.Profile, method string) error {
	switch {
	case own.Body == dcr.BodyJWS && by.Body != dcr.BodyJWS:
		return dcr.Refuse("immutable.signature")
	case !own.AllowsMethod(method):
		return dcr.Refuse("immutable.auth_method", own.Standard).At("/token_endpoint_auth_method")
	}
	return nil
}

// "The client MUST include its client_id field in the request, and it MUST be the same as its currently issued client
// identifier" (RFC 7592, section 2.2). OBIE makes the member optional; if present, it must be the client's. A new
// client has no client_id: "A TPP may request for a specific client_id to be issued to it. The ASPSP may ignore the
// claim" (OBIE DCR, Data Mapping).
func clientID(r *dcr.Registration) error {
	if r.Current == nil || !r.Request.Has("client_id") {
		return nil
	}
	id, err := r.Request.String("client_id")
	if err != nil || id != r.Current.ClientID {
		return dcr.Refuse("client_id").At("/client_id")
	}
	return nil
}

// Members that an update must not contain. Clients have no secret here, so that a client_secret can never be the
// current one.
var managed = []string{
	"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at", "client_secret",
}

// "This request MUST NOT include the registration_access_token, registration_client_uri, client_secret_expires_at, or
// client_id_issued_at fields" (RFC 7592, section 2.2).
func management(r *dcr.Registration) error {
	if r.Current == nil {
		return nil
	}
	var found []error
	for _, name := range managed {
		if r.Request.Has(name) {
			found = append(found, dcr.Refuse("management", name).At("/"+name))
		}
	}
	return dcr.Join(found...)
}

// An update keeps the client's software product, organisation and directory, and its protection. Otherwise the statement
// of one software product could take over another's client.
func immutable(r *dcr.Registration) error {
	if r.Current == nil {
		return nil
	}
	var found []error
	for _, kept := range []struct{ refusal, now, was string }{
		{"immutable.directory", r.Statement.Software.Directory, r.Current.Software.GetDirectory()},
		{"immutable.software_id", r.Statement.Software.Id, r.Current.Software.GetId()},
		{"immutable.org_id", r.Statement.Software.OrgId, r.Current.Software.GetOrgId()},
	} {
		if kept.now == "" || kept.now != kept.was {
			found = append(found, dcr.RefuseStatement(kept.refusal))
		}
	}
	method, _ := r.Request.String("token_endpoint_auth_method") // "" is refused too
	return dcr.Join(append(found, CheckUpdate(r.Current.Profile, r.Profile, method))...)
}
