package jose

import (
	"encoding/base64"
	"strings"
)

// A FormError says that a token is not written the way its policy asks. Rule is one of jws.size, jws.compact,
// jws.base64, jws.header, jws.crit, jws.embedded_key, jws.alg, jws.typ, jws.kid and jws.payload. Of jws.header and
// jws.payload Args has the one problem that was found, for the client: printable ASCII without quotes, with nothing of
// the token in it.
type FormError struct {
	Rule string
	Args []string
}

func (e *FormError) Error() string { return strings.Join(append([]string{e.Rule}, e.Args...), ": ") }

func formError(rule string, args ...string) *FormError { return &FormError{Rule: rule, Args: args} }

// problem is what package strictjson found wrong, for a sentence.
func problem(err error) string { return strings.TrimPrefix(err.Error(), "json: ") }

// parts are the pieces of a compact JWS, still encoded.
type parts struct{ header, payload, signature, signed string }

// "The JWS Compact Serialization ... BASE64URL(UTF8(JWS Protected Header)) || '.' || BASE64URL(JWS Payload) || '.' ||
// BASE64URL(JWS Signature)" (RFC 7515, section 7.1). An unsecured JWS has an empty signature and a JWE has five parts
// (RFC 7516, section 7.1): neither gets through.
func split(compact string, maxBytes int) (parts, error) {
	if len(compact) > maxBytes {
		return parts{}, formError("jws.size")
	}
	header, rest, _ := strings.Cut(compact, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	if header == "" || payload == "" || signature == "" || strings.Contains(signature, ".") {
		return parts{}, formError("jws.compact")
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
		return nil, formError("jws.base64")
	}
	return decoded, nil
}
