// Package request reads what clients send and sign: registration requests, with their media type and whether they are only
// tried, and client assertions. Use it before a signature is verified, to check the form, and afterwards, to check or read
// the claims. Nothing in a request may be believed because this package has read it.
package request

import (
	"errors"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// maxBytes bounds a registration request, and so the statement in it: OBIE's are about 5 KB.
const maxBytes = 64 << 10

// Registration is what a client asks for. Nothing in it may be believed yet.
type Registration struct {
	Claims strictjson.Object
	JWS    *jose.Unverified // nil where the profile's requests are plain JSON
}

// malformed are the refusals of a registration request that is malformed, by the rule of package jose.
var malformed = map[string]string{
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

// Read checks the form of a registration request: a compact JWS, or the JSON object
// that the profile has instead. It fails with a *dcr.Error.
func Read(profile *dcr.Profile, body []byte) (*Registration, error) {
	if profile.Body == dcr.BodyJSON {
		return readJSON(body)
	}
	if len(body) == 0 {
		return nil, dcr.Refuse("request.empty")
	}
	request, err := jose.Parse(string(body), jose.Policy{
		Algorithms: jose.FAPI, Types: []string{"", "JWT", "JOSE", "application/jwt"}, KeyID: true, MaxBytes: maxBytes,
	})
	if form, ok := errors.AsType[*jose.FormError](err); ok {
		return nil, dcr.Refuse(malformed[form.Rule], form.Args...).CausedBy(err)
	} else if err != nil {
		return nil, err
	}
	return &Registration{Claims: request.Claims, JWS: request}, nil
}

// "The client or developer sends an HTTP POST to the client registration endpoint with a content type of application/json.
// The HTTP Entity Payload is a JSON document consisting of a JSON object" (RFC 7591, section 3.1)
func readJSON(body []byte) (*Registration, error) {
	refused := dcr.Refuse("request.json")
	if len(body) > maxBytes {
		return nil, refused
	}
	claims, err := strictjson.Parse(body)
	if err != nil {
		return nil, refused.CausedBy(err)
	}
	return &Registration{Claims: claims}, nil
}
