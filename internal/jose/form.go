package jose

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// A FormError says that a token is not written the way its policy asks. Rule is one of jws.size, jws.compact,
// jws.base64, jws.header, jws.crit, jws.embedded_key, jws.alg, jws.typ, jws.kid and jws.payload. Because is for the
// client: a sentence that says what to fix, printable ASCII without quotes, with nothing of the token in it.
type FormError struct{ Rule, Because string }

func (e *FormError) Error() string { return e.Rule + ": " + e.Because }

func formError(rule, because string) *FormError { return &FormError{Rule: rule, Because: because} }

// parts are the pieces of a compact JWS, still encoded.
type parts struct{ header, payload, signature, signed string }

// "The JWS Compact Serialization ... BASE64URL(UTF8(JWS Protected Header)) || '.' || BASE64URL(JWS Payload) || '.' ||
// BASE64URL(JWS Signature)" (RFC 7515, section 7.1). An unsecured JWS has an empty signature and a JWE has five parts
// (RFC 7516, section 7.1): neither gets through.
func split(compact string, maxBytes int) (parts, error) {
	if len(compact) > maxBytes {
		return parts{}, formError("jws.size", fmt.Sprintf("the token is larger than %d bytes", maxBytes))
	}
	header, rest, _ := strings.Cut(compact, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	if header == "" || payload == "" || signature == "" || strings.Contains(signature, ".") {
		return parts{}, formError("jws.compact", "the token must be a compact JWS of three parts that are not empty")
	}
	return parts{header, payload, signature, compact[:len(header)+1+len(payload)]}, nil
}

// base64url refuses padding, and bits that do not belong to a byte.
var base64url = base64.RawURLEncoding.Strict()

// "Base64 encoding using the URL- and filename-safe character set defined in Section 5 of RFC 4648, with all trailing
// '=' characters omitted ... and without the inclusion of any line breaks, whitespace, or other additional characters"
// (RFC 7515, section 2). The decoder alone would step over line breaks.
func decode(part string) ([]byte, error) {
	decoded, err := base64url.DecodeString(part)
	if err != nil || strings.ContainsAny(part, "\r\n") {
		return nil, errBase64()
	}
	return decoded, nil
}

func errBase64() error {
	return formError("jws.base64", "the parts of the token must be base64url without padding or line breaks")
}
