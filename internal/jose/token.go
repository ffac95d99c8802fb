// Package jose parses, verifies and signs compact JWS, strictly by RFC 7515, 7518, 7519 and 8725. Use it for every token and
// key set in gate and registry. It wraps one library, which no other package may import. Clients use dcrclient instead.
package jose

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// The signature algorithms that this package knows (RFC 7518, section 3.1; RFC 8037, section 3.1).
const (
	PS256 = "PS256"
	ES256 = "ES256"
	EdDSA = "EdDSA"
)

// FAPI are the algorithms of software statements, requests and client assertions: "shall use PS256 or ES256 algorithms"
// (FAPI 1.0 Part 2, section 8.6).
var FAPI = []string{PS256, ES256}

// ErrSignature is the only error for a signature that does not verify, a missing key and a key that must not be used: it
// tells an attacker nothing.
var ErrSignature = errors.New("the signature does not verify with any acceptable key")

// Policy describes the valid form of one kind of token. The zero value allows no token.
type Policy struct {
	Algorithms []string // allowed alg values: PS256, ES256, EdDSA
	Types      []string // allowed typ values, compared without case; "" allows a token without typ
	KeyID      bool     // kid is required
	MaxBytes   int      // of the whole token
}

// Unverified is a token of valid form whose signature has not been verified.
type Unverified struct {
	Algorithm string
	KeyID     string            // "" if there is none
	Claims    strictjson.Object // UNVERIFIED: use only to choose the keys
	Raw       string

	signed    string // what the signature is over
	signature []byte
}

// Verified is a token that one of the given keys has signed.
type Verified struct {
	Claims strictjson.Object
	Raw    string
	Keys   []Key // the key that verified it, under each kid that the set has for it
}

// Parse checks the form of a compact JWS against the policy. Its only error is *FormError, which never quotes a value.
func Parse(compact string, policy Policy) (*Unverified, error) {
	parts, err := split(compact, policy.MaxBytes)
	if err != nil {
		return nil, err
	}
	header, err := parts.parseHeader(policy)
	if err != nil {
		return nil, err
	}
	claims, err := parts.parseClaims()
	if err != nil {
		return nil, err
	}
	signature, err := parts.decode(parts.signature)
	if err != nil {
		return nil, err
	}
	return &Unverified{
		Algorithm: header.Algorithm,
		KeyID:     header.KeyID,
		Claims:    claims,
		Raw:       compact,
		signed:    parts.signed,
		signature: signature,
	}, nil
}

// ClaimsVerifiedElsewhere parses the claims of a token without checking its header or signature. Use it only if another part
// of the product has verified exactly these bytes, and the caller has verified that part's statement. Its only error is
// *FormError.
func ClaimsVerifiedElsewhere(compact string, maxBytes int) (strictjson.Object, error) {
	parts, err := split(compact, maxBytes)
	if err != nil {
		return nil, err
	}
	return parts.parseClaims()
}

func (p parts) parseClaims() (strictjson.Object, error) {
	payload, err := p.decode(p.payload)
	if err != nil {
		return nil, err
	}
	claims, err := strictjson.Parse(payload)
	if err != nil {
		return nil, formError("jws.payload", problem(err))
	}
	return claims, nil
}

// A FormError says that the form of a token violates its policy. Rule is one of jws.size, jws.compact, jws.base64,
// jws.header, jws.crit, jws.embedded_key, jws.alg, jws.typ, jws.kid and jws.payload. For jws.base64, jws.header and
// jws.payload Args has the problem, for the client: printable ASCII without quotes or any value of the token.
type FormError struct {
	Rule string
	Args []string
}

func (e *FormError) Error() string { return strings.Join(append([]string{e.Rule}, e.Args...), ": ") }

func formError(rule string, args ...string) *FormError { return &FormError{Rule: rule, Args: args} }

// problem returns what package strictjson found, as part of a sentence.
func problem(err error) string { return strings.TrimPrefix(err.Error(), "json: ") }

// parts are the pieces of a compact JWS, still encoded.
type parts struct{ header, payload, signature, signed, whole string }

// "The JWS Compact Serialization ... BASE64URL(UTF8(JWS Protected Header)) || '.' || BASE64URL(JWS Payload) || '.' ||
// BASE64URL(JWS Signature)" (RFC 7515, section 7.1). An unsecured JWS has an empty signature and a JWE has five parts
// (RFC 7516, section 7.1): both are refused.
func split(compact string, maxBytes int) (parts, error) {
	if len(compact) > maxBytes {
		return parts{}, formError("jws.size")
	}
	header, rest, _ := strings.Cut(compact, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	if header == "" || payload == "" || signature == "" || strings.Contains(signature, ".") {
		return parts{}, formError("jws.compact")
	}
	return parts{header, payload, signature, compact[:len(header)+1+len(payload)], compact}, nil
}

// base64url refuses padding, and bits that do not belong to a byte.
var base64url = base64.RawURLEncoding.Strict()

// "Base64 encoding using the URL- and filename-safe character set defined in Section 5 of RFC 4648, with all trailing
// '=' characters omitted ... and without the inclusion of any line breaks, whitespace, or other additional characters"
// (RFC 7515, section 2). The decoder itself ignores line breaks.
func decode(part string) ([]byte, error) {
	decoded, err := base64url.DecodeString(part)
	if err == nil && strings.ContainsAny(part, "\r\n") {
		err = errors.New("a line break")
	}
	return decoded, err
}

// decode decodes a part of the token. Its only error is *FormError.
func (p parts) decode(part string) ([]byte, error) {
	decoded, err := decode(part)
	if err != nil {
		return nil, formError("jws.base64", misfit(p.whole))
	}
	return decoded, nil
}

// misfit names the first character of a token that base64url does not have, counted from 1.
func misfit(token string) string {
	at := strings.IndexFunc(token, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.", r)
	})
	if at < 0 {
		return "a part is not complete"
	}
	is := map[byte]string{'"': "a quotation mark", '\'': "a quotation mark", ' ': "a space", '\r': "a line break", '\n': "a line break"}[token[at]]
	switch {
	case is != "":
	case token[at] < ' ' || token[at] > '~' || token[at] == '\\':
		is = "one that does not belong there"
	default:
		is = token[at : at+1]
	}
	return fmt.Sprintf("character %d is %s", at+1, is)
}

// Header is the protected header of a token.
type Header struct {
	Algorithm string `json:"alg"`
	Type      string `json:"typ,omitempty"`
	KeyID     string `json:"kid,omitempty"`
}

// maxKeyID bounds kid, which is used only as a map key (RFC 8725, section 3.10).
const maxKeyID = 255

// parseHeader checks a header and returns its alg and kid.
func (p parts) parseHeader(policy Policy) (Header, error) {
	document, err := p.decode(p.header)
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
