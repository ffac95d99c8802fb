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

// ReadRequest checks the form of a registration request: a compact JWS, or the JSON object
// that the profile has instead. It fails with a *dcr.Error.
func ReadRequest(profile *dcr.Profile, body []byte) (*RegistrationRequest, error) {
	if profile.Body == dcr.BodyJSON {
		return readJSON(body)
	}
	if len(body) == 0 {
		return nil, dcr.Refuse(dcr.InvalidClientMetadata, "request.empty", "the body must be a signed registration request, a compact JWS").
			Per("RFC 7515, section 3.1")
	}
	request, err := jose.Parse(string(body), jose.Policy{
		Algorithms: requestAlgorithms, Types: []string{"", "JWT", "JOSE", "application/jwt"}, KeyID: true, MaxBytes: maxRequestBytes,
	})
	if form, ok := errors.AsType[*jose.FormError](err); ok {
		return nil, dcr.Refuse(dcr.InvalidClientMetadata, "request."+form.Rule, "the registration request: "+form.Because).CausedBy(err)
	} else if err != nil {
		return nil, err
	}
	return &RegistrationRequest{Claims: request.Claims, JWS: request}, nil
}

// "The client or developer sends an HTTP POST to the client registration endpoint with a content type of application/json.
// The HTTP Entity Payload is a JSON document consisting of a JSON object" (RFC 7591, section 3.1)
func readJSON(body []byte) (*RegistrationRequest, error) {
	refused := dcr.Refuse(dcr.InvalidClientMetadata, "request.json", "the body must be a JSON object in UTF-8 whose members are each named once").
		Per("RFC 7591, section 3.1")
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
	keys, kid := statementKeys(statement), ""
	if request.JWS != nil {
		kid = request.JWS.KeyID
	}
	err := d.vouches(ctx, keys, kid, presented.Thumbprint, d.Keys.Revoked)
	if errors.Is(err, errUnlisted) {
		return nil, refuseStatement("statement.certificate",
			"the TLS client certificate is not among those that the directory lists for the software and its organisation").
			CausedBy(err).Per("OBIE Directory, Request Validation")
	}
	if err != nil {
		return nil, keyFault(err, nil)
	}
	if request.JWS == nil {
		return request.Claims, d.verifyUnsigned(ctx, statement, presented)
	}
	refused := dcr.Refuse(dcr.InvalidClientMetadata, "request.signature",
		"the signature of the request does not verify with a signing key of the software's key set").Per("OBIE Directory, Request Validation")
	// "The registration request MUST be signed with a key contained in the JWKS referenced in the SSA" (OBIE Directory,
	// Request Validation)
	verified, err := d.verify(ctx, keys, request.JWS)
	if err != nil {
		return nil, keyFault(err, refused)
	}
	return verified.Claims, nil
}

// verifyUnsigned proves by the certificate alone that the software asks: it must be the software's own and not only
// its organisation's, by its name or because the software's key set lists it.
func (d *Directory) verifyUnsigned(ctx context.Context, statement *dcr.Statement, presented *dcr.Presented) error {
	if rule.NamesSoftware(presented) {
		return nil
	}
	listed, _, err := d.lists(ctx, participant{jwks: statement.JWKS}, presented.Thumbprint)
	if err != nil {
		return keyFault(err, nil)
	}
	if !listed {
		return refuseStatement("statement.possession",
			"a request that is not signed needs a TLS client certificate that names the software, or that the software's key set lists").
			Per("RFC 8705, section 2")
	}
	return nil
}
