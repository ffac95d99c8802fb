package rule

import (
	"slices"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/dn"
)

// "The public key must not be embedded in the payload itself" (OBIE DCR, Of JWS and JWKS): a client's keys are those
// that its software statement refers to. A request for the same key set is accepted.
func keys(r *dcr.Registration) error {
	var found []error
	if r.Request.Has("jwks") {
		found = append(found, dcr.Refuse("keys.jwks").At("/jwks"))
	}
	if uri, err := r.Request.String("jwks_uri"); r.Request.Has("jwks_uri") && (err != nil || uri != r.Statement.Software.GetKeySets().GetJwks()) {
		found = append(found, dcr.Refuse("keys.jwks_uri").At("/jwks_uri"))
	}
	return dcr.Join(found...)
}

// "If the requests contains a value that the ASPSP does not support, the ASPSP must either: reject the request with an
// appropriate error message and error code" or modify it (OBIE DCR, Data Dictionary). This includes values that the
// standard allows but this installation does not offer.
func authMethod(r *dcr.Registration) error {
	method, err := r.Request.String("token_endpoint_auth_method")
	if err != nil || !slices.Contains(r.AuthMethods, method) {
		return dcr.Refuse("auth_method", list(r.AuthMethods)).At("/token_endpoint_auth_method")
	}
	return nil
}

// "Must be specified if token_endpoint_auth_method is private_key_jwt or client_secret_jwt" (OBIE DCR, Data Dictionary,
// token_endpoint_auth_signing_alg). With another method it has no meaning and is not registered, but TPPs and the OBIE
// conformance tool send it.
func authSigningAlg(r *dcr.Registration) error {
	method, err := optional(r.Request, "token_endpoint_auth_method", r.Request.String)
	if err != nil {
		return err
	}
	if method == "private_key_jwt" && !r.Request.Has("token_endpoint_auth_signing_alg") {
		return dcr.Refuse("auth_signing_alg").At("/token_endpoint_auth_signing_alg")
	}
	return nil
}

// subjectDN is the only member of RFC 8705, section 2.1.2, that OBIE has. Profiles may rename it. The others follow.
const subjectDN = "tls_client_auth_subject_dn"

var otherSubjects = []string{
	"tls_client_auth_san_dns", "tls_client_auth_san_uri", "tls_client_auth_san_ip", "tls_client_auth_san_email",
}

// "A client using the tls_client_auth authentication method MUST use exactly one of the below metadata parameters to
// indicate the certificate subject value" (RFC 8705, section 2.1.2). "This value must be set iff
// token_endpoint_auth_method is set to tls_client_auth" (OBIE DCR, Data Dictionary, tls_client_auth_subject_dn).
func tlsClientAuth(r *dcr.Registration) error {
	var found []error
	for _, name := range otherSubjects {
		if r.Request.Has(name) {
			found = append(found, dcr.Refuse("tls_client_auth.san", name, r.Profile.Named(subjectDN)).At("/"+name))
		}
	}
	return dcr.Join(append(found, checkSubject(r))...)
}

func checkSubject(r *dcr.Registration) error {
	method, err := optional(r.Request, "token_endpoint_auth_method", r.Request.String)
	if err != nil {
		return err
	}
	member := r.Profile.Named(subjectDN)
	switch {
	case method != "tls_client_auth" && r.Request.Has(member):
		return dcr.Refuse("tls_client_auth.without", member).At("/" + member)
	case method != "tls_client_auth":
		return nil
	case !r.Request.Has(member):
		return dcr.Refuse("tls_client_auth.missing", member).At("/" + member)
	}
	name, err := r.Request.String(member)
	if err != nil {
		return err
	}
	if _, err := dn.Parse(name); err != nil {
		return dcr.Refuse("tls_client_auth.dn", member).At("/" + member).CausedBy(err)
	}
	return nil
}

// Renamed returns the members that a profile may rename.
func Renamed() []string { return []string{subjectDN} }
