package rule

import (
	"cmp"
	"slices"
	"strings"

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
// conformance tool send it. The software product must have a key for the algorithms that its client will sign with: "The
// JWS algorithm that must be used for signing the JWT used to authenticate the client at the token endpoint" (the same).
func authSigningAlg(r *dcr.Registration) error {
	const member = "token_endpoint_auth_signing_alg"
	var found []error
	method, err := optional(r.Request, "token_endpoint_auth_method", r.Request.String)
	switch {
	case err != nil:
		return err
	case method == "private_key_jwt" && !r.Request.Has(member):
		found = append(found, dcr.Refuse("auth_signing_alg").At("/"+member))
	case method == "private_key_jwt":
		found = append(found, hasKey(r, member, "auth_signing_alg.key"))
	}
	grants, err := optional(r.Request, "grant_types", r.Request.Strings)
	if err != nil {
		return err
	}
	for _, request := range signedRequests {
		if slices.Contains(grants, request.grant) {
			found = append(found, hasKey(r, request.member, "auth_signing_alg.request"))
		}
	}
	return dcr.Join(found...)
}

// signedRequests are the members with the algorithm that the client signs its requests to the user with, and the grants
// that need these requests.
var signedRequests = []struct{ grant, member string }{
	{grantCode, "request_object_signing_alg"}, {grantCIBA, "backchannel_authentication_request_signing_alg"},
}

// hasKey refuses an algorithm for which the software product has no key.
func hasKey(r *dcr.Registration, member, id string) error {
	algorithm, err := optional(r.Request, member, r.Request.String)
	if err != nil || !r.Request.Has(member) || slices.Contains(r.Algorithms, algorithm) {
		return err
	}
	return dcr.Refuse(id, member, cmp.Or(list(r.Algorithms), "none")).At("/" + member)
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
	text, err := r.Request.String(member)
	if err != nil {
		return err
	}
	name, err := dn.Parse(text)
	switch {
	case err != nil:
		return dcr.Refuse("tls_client_auth.dn", member).At("/" + member).CausedBy(err)
	// "A string representation ... of the expected subject distinguished name of the certificate that the OAuth client will
	// use in mutual-TLS authentication" (RFC 8705, section 2.1.2)
	case !r.Listed && !r.Subject.Matches(name, true):
		return dcr.Refuse("tls_client_auth.subject", member, differences(name, r.Subject)).At("/" + member)
	}
	return nil
}

// OtherName returns the subject that a request for tls_client_auth names, unless it is that of the connection's
// certificate; ok is false if there is no other.
func OtherName(r *dcr.Registration) (name dn.Name, ok bool) {
	effective := withStatement(r)
	text, err := effective.Request.String(r.Profile.Named(subjectDN))
	if err != nil {
		return nil, false
	}
	name, err = dn.Parse(text)
	return name, err == nil && !r.Subject.Matches(name, true)
}

// maxDifferences bounds the differences in a sentence, in characters.
const maxDifferences = 126

// differences says how the name that a client asks for differs from the subject of its certificate, in printable ASCII
// without quotes and in bounds. It has only single letters of either name, which the client knows.
func differences(asked, subject dn.Name) string {
	said := ""
	for _, one := range asked.Differences(subject) {
		why := one.Why
		switch {
		case one.Second == nil && one.First != nil && why == dn.NoSuchRDN:
			why = "it has no " + one.First.Types()
		case one.First == nil && why == dn.NoSuchRDN:
			why = one.Second.Types() + " is missing"
		}
		if said != "" {
			why = "; " + why
		}
		if said != "" && len(said)+len(why) > maxDifferences {
			break
		}
		said += why
	}
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return '?'
		}
		return c
	}, said[:min(len(said), maxDifferences)])
}

// Renamed returns the members that a profile may rename.
func Renamed() []string { return []string{subjectDN} }
