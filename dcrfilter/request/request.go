// Package request reads what clients send: registration requests, forms and client assertions. Use it before
// verification to check the form, and afterwards to check or read the claims. It verifies no signature: what it reads
// is untrusted until another package has verified it.
package request

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// maxBytes is the largest registration request, including its software statement. OBIE's are about 5 KB.
const maxBytes = 64 << 10

// Registration is a registration request. Its content is not verified.
type Registration struct {
	Claims strictjson.Object
	JWS    *jose.Unverified // nil if the profile's requests are plain JSON
}

// malformed maps a rule of package jose to the refusal of a malformed registration request.
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

// Read checks the form of a registration request: a compact JWS or a JSON object, as the profile says. Its error is a
// *dcr.Error.
func Read(profile *dcr.Profile, body []byte) (*Registration, error) {
	if len(body) == 0 {
		return nil, dcr.Refuse("request.empty", wanted[profile.Body])
	}
	if profile.Body == dcr.BodyJSON {
		return readJSON(body)
	}
	request, err := jose.Parse(string(body), jose.Policy{
		Algorithms: jose.FAPI, Types: []string{"", "JWT", "JOSE", "application/jwt"}, KeyID: true, MaxBytes: maxBytes,
	})
	if form, ok := errors.AsType[*jose.FormError](err); ok {
		return nil, dcr.Refuse(malformed[form.Rule], form.Args...).CausedBy(err)
	} else if err != nil {
		return nil, err
	}
	return &Registration{Claims: present(request.Claims), JWS: request}, nil
}

// present returns the members that are not null: "Omitted fields MUST be treated as null or empty values by the server"
// (RFC 7592, section 2.2), so a member that is null is one that was left out.
func present(claims strictjson.Object) strictjson.Object {
	kept := maps.Clone(claims)
	maps.DeleteFunc(kept, func(_ string, value json.RawMessage) bool { return string(value) == "null" })
	return kept
}

// wanted says what a body is.
var wanted = map[string]string{
	dcr.BodyJWS:  "a signed registration request, a compact JWS",
	dcr.BodyJSON: "the claims of the registration request, a JSON object",
}

func readJSON(body []byte) (*Registration, error) {
	if len(body) > maxBytes {
		return nil, dcr.Refuse("request.json", fmt.Sprintf("it is larger than %d bytes", maxBytes))
	}
	claims, err := strictjson.Parse(body)
	switch {
	case err == nil:
		return &Registration{Claims: present(claims)}, nil
	case bytes.HasPrefix(body, []byte("eyJ")): // what a JOSE header begins with
		return nil, dcr.Refuse("request.json", "it is a JWS, and this path takes requests that are not signed").CausedBy(err)
	}
	return nil, dcr.Refuse("request.json", strings.TrimPrefix(err.Error(), "json: ")).CausedBy(err)
}
