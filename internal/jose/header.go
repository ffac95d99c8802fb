package jose

import (
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// Header is the protected header of a token.
type Header struct {
	Algorithm string `json:"alg"`
	Type      string `json:"typ,omitempty"`
	KeyID     string `json:"kid,omitempty"`
}

// maxKeyID bounds kid, which is used as a key of maps and nowhere else (RFC 8725, section 3.10).
const maxKeyID = 255

// parseHeader checks a header and returns what is needed of it: alg and kid.
func parseHeader(part string, policy Policy) (Header, error) {
	document, err := decode(part)
	if err != nil {
		return Header{}, err
	}
	object, err := strictjson.Parse(document)
	if err != nil {
		return Header{}, formError("jws.header", problem(err))
	}
	if err := refuseExtensions(object); err != nil {
		return Header{}, err
	}
	var header Header
	if header.Algorithm, err = algorithm(object, policy); err != nil {
		return Header{}, err
	}
	if err := checkType(object, policy); err != nil {
		return Header{}, err
	}
	if header.KeyID, err = keyID(object, policy); err != nil {
		return Header{}, err
	}
	return header, nil
}

// "If any of the listed extension Header Parameters are not understood and supported by the recipient, then the JWS is
// invalid" (RFC 7515, section 4.1.11): we support none. b64 is one of them (RFC 7797, section 6), zip and enc belong to
// JWE. Keys come from where we know them, never from the token (RFC 8725, section 3.10).
func refuseExtensions(header strictjson.Object) error {
	for _, name := range []string{"crit", "b64"} {
		if header.Has(name) {
			return formError("jws.crit")
		}
	}
	for _, name := range []string{"jku", "jwk", "x5u", "x5c"} {
		if header.Has(name) {
			return formError("jws.embedded_key")
		}
	}
	for _, name := range []string{"zip", "enc"} {
		if header.Has(name) {
			return formError("jws.header", "it must not have "+name)
		}
	}
	return nil
}

// "Libraries MUST enable the caller to specify a supported set of algorithms and MUST NOT use any other algorithms when
// performing cryptographic operations" (RFC 8725, section 3.1).
func algorithm(header strictjson.Object, policy Policy) (string, error) {
	value, err := header.String("alg")
	if err != nil || !slices.Contains(policy.Algorithms, value) {
		return "", formError("jws.alg")
	}
	return value, nil
}

// "All media type values, subtype values, and parameter names are case insensitive" (RFC 7515, section 4.1.9). Which
// typ a token has keeps one kind of token from passing for another (RFC 8725, section 3.11).
func checkType(header strictjson.Object, policy Policy) error {
	if !header.Has("typ") && slices.Contains(policy.Types, "") {
		return nil
	}
	value, err := header.String("typ")
	if err == nil && value != "" && printable(value) {
		for _, allowed := range policy.Types {
			if strings.EqualFold(value, allowed) {
				return nil
			}
		}
	}
	return formError("jws.typ")
}

func keyID(header strictjson.Object, policy Policy) (string, error) {
	if !header.Has("kid") && !policy.KeyID {
		return "", nil
	}
	value, err := header.String("kid")
	if err != nil || value == "" || len(value) > maxKeyID || !printable(value) {
		return "", formError("jws.kid")
	}
	return value, nil
}

func printable(text string) bool {
	for i := range len(text) {
		if text[i] < 0x20 || text[i] > 0x7e {
			return false
		}
	}
	return true
}
