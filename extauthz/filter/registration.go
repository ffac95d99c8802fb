package filter

import (
	"context"
	"errors"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// maxRequestBytes bounds a registration request, and so the statement in it: OBIE's are about 5 KB.
const maxRequestBytes = 64 << 10

// RegistrationRequest is what a client asks for. Nothing in it may be believed yet.
type RegistrationRequest struct {
	Claims strictjson.Object
	JWS    *jose.Unverified // nil where the profile's requests are plain JSON
}

// requestForm are the refusals of a registration request that is malformed, by the rule of package jose.
var requestForm = map[string]string{
	"jws.size":         "request.jws.size",
	"jws.compact":      "request.jws.compact",
	"jws.base64":       "request.jws.base64",
	"jws.header":       "request.jws.header",
	"jws.crit":         "request.jws.crit",
	"jws.embedded_key": "request.jws.embedded_key",
	"jws.alg":          "request.jws.alg",
	"jws.typ":          "request.jws.typ",
	"jws.kid":          "request.jws.kid",
	"jws.payload":      "request.jws.payload",
}

// ReadRequest checks the form of a registration request: a compact JWS, or the JSON object
// that the profile has instead. It fails with a *dcr.Error.
func ReadRequest(profile *dcr.Profile, body []byte) (*RegistrationRequest, error) {
	if profile.Body == dcr.BodyJSON {
		return readJSON(body)
	}
	if len(body) == 0 {
		return nil, dcr.Refuse("request.empty")
	}
	request, err := jose.Parse(string(body), jose.Policy{
		Algorithms: requestAlgorithms, Types: []string{"", "JWT", "JOSE", "application/jwt"}, KeyID: true, MaxBytes: maxRequestBytes,
	})
	if form, ok := errors.AsType[*jose.FormError](err); ok {
		return nil, dcr.Refuse(requestForm[form.Rule], form.Args...).CausedBy(err)
	} else if err != nil {
		return nil, err
	}
	return &RegistrationRequest{Claims: request.Claims, JWS: request}, nil
}

// "The client or developer sends an HTTP POST to the client registration endpoint with a content type of application/json.
// The HTTP Entity Payload is a JSON document consisting of a JSON object" (RFC 7591, section 3.1)
func readJSON(body []byte) (*RegistrationRequest, error) {
	refused := dcr.Refuse("request.json")
	if len(body) > maxRequestBytes {
		return nil, refused
	}
	claims, err := strictjson.Parse(body)
	if err != nil {
		return nil, refused.CausedBy(err)
	}
	return &RegistrationRequest{Claims: claims}, nil
}

// verifyRequest proves that the software itself asks, and returns what it asks for.
func (d *Directory) verifyRequest(
	ctx context.Context, statement *dcr.Statement, request *RegistrationRequest, presented *dcr.Presented,
) (strictjson.Object, error) {
	keys, kid := statement.Software.GetKeySets(), ""
	if request.JWS != nil {
		kid = request.JWS.KeyID
	}
	err := d.vouches(ctx, keys, kid, presented.Thumbprint, d.Keys.Revoked)
	if errors.Is(err, errUnlisted) {
		return nil, dcr.RefuseStatement("statement.certificate", "is not listed in the directory for the software product or its organisation").
			CausedBy(err)
	}
	if err != nil {
		return nil, keyFault(err, "request.signature")
	}
	if request.JWS == nil {
		return request.Claims, d.verifyUnsigned(ctx, statement, presented)
	}
	// "The registration request MUST be signed with a key contained in the JWKS referenced in the SSA" (OBIE Directory,
	// Request Validation)
	verified, err := d.verify(ctx, statement.Software, request.JWS)
	if err != nil {
		return nil, keyFault(err, "request.signature")
	}
	return verified.Claims, nil
}

// verifyUnsigned proves by the certificate alone that the software asks: it must be the software's own and not only
// its organisation's, by its name or because the software's key set lists it.
func (d *Directory) verifyUnsigned(ctx context.Context, statement *dcr.Statement, presented *dcr.Presented) error {
	if rule.NamesSoftware(presented) {
		return nil
	}
	listed, _, err := d.lists(ctx, &dcr.KeySets{Jwks: statement.Software.GetKeySets().GetJwks()}, presented.Thumbprint)
	if err != nil {
		return keyFault(err, "request.signature")
	}
	if !listed {
		return dcr.RefuseStatement("statement.possession")
	}
	return nil
}
