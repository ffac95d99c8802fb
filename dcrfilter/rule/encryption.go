package rule

import (
	"slices"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// encryptions are pairs of members: the key management algorithm of an encrypted answer, and its content encryption.
var encryptions = [][2]string{
	{"id_token_encrypted_response_alg", "id_token_encrypted_response_enc"},
	{"authorization_encrypted_response_alg", "authorization_encrypted_response_enc"},
}

// "When id_token_encrypted_response_enc is included, id_token_encrypted_response_alg MUST also be provided" (OpenID
// Connect Registration, section 2). The same applies to authorization responses (JARM, section 3).
func encryption(r *dcr.Registration) error {
	var found []error
	for _, pair := range encryptions {
		if alg, enc := pair[0], pair[1]; r.Request.Has(enc) && !r.Request.Has(alg) {
			found = append(found, dcr.Refuse("encryption", enc, alg).At("/"+enc))
		}
	}
	return dcr.Join(found...)
}

// idle reports whether a member is a content encryption of an answer that is not encrypted: "If
// id_token_encrypted_response_alg is specified, the default id_token_encrypted_response_enc value is A128CBC-HS256"
// (OpenID Connect Registration, section 2); otherwise there is no default.
func idle(r *dcr.Registration, name string) bool {
	return slices.ContainsFunc(encryptions, func(pair [2]string) bool { return pair[1] == name && !r.Request.Has(pair[0]) })
}

// An ID token in the front channel is encrypted: "id_token_encrypted_response_alg ... Required if response_type of code
// id_token is supported" (Consumer Data Standards, Registration Request using JWT).
func hybrid(r *dcr.Registration) error {
	const alg = "id_token_encrypted_response_alg"
	types, err := effectiveResponseTypes(r)
	if err != nil {
		return err
	}
	if slices.Contains(types, "code id_token") && !r.Request.Has(alg) {
		return dcr.Refuse("hybrid").At("/" + alg)
	}
	return nil
}

// "authorization_signed_response_alg ... Required if response_type of code is registered by the client ... none MUST
// NOT be used" (Consumer Data Standards, Registration Request using JWT): with response type code the authorization
// response is signed (JARM).
func jarm(r *dcr.Registration) error {
	const alg = "authorization_signed_response_alg"
	types, err := effectiveResponseTypes(r)
	if err != nil {
		return err
	}
	if slices.Contains(types, "code") && !r.Request.Has(alg) {
		return dcr.Refuse("jarm").At("/" + alg)
	}
	return nil
}
