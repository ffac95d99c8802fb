package conform

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// keys are the signing keys of a run.
type keys struct {
	own    crypto.Signer
	id     string
	public []byte            // DER of the own key's public half
	random *ecdsa.PrivateKey // published nowhere
}

var errKey = errors.New("the signing key must be RSA, or EC of the curve P-256")

func newKeys(own crypto.Signer, id string) (keys, error) {
	switch key := own.(type) {
	case *rsa.PrivateKey:
	case *ecdsa.PrivateKey:
		if key.Curve != elliptic.P256() {
			return keys{}, errKey
		}
	default:
		return keys{}, errKey
	}
	public, err := x509.MarshalPKIXPublicKey(own.Public())
	if err != nil {
		return keys{}, err
	}
	random, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return keys{own: own, id: id, public: public, random: random}, err
}

func (k keys) algorithm() string { return dcrclient.AlgorithmOf(k.own) }

// jwk is the public half of the random key (RFC 7518, section 6.2.1).
func (k keys) jwk() (map[string]any, error) {
	point, err := k.random.PublicKey.Bytes() // 4, x and y
	if err != nil {
		return nil, err
	}
	return map[string]any{"kty": "EC", "crv": "P-256", "x": dcrclient.Encode(point[1:33]), "y": dcrclient.Encode(point[33:])}, nil
}

// token returns a token to be signed as a correct client does, except for the given changes.
func (k keys) token(claims map[string]any, s Signing) *dcrclient.JWT {
	token := &dcrclient.JWT{Claims: claims, Key: k.own, Algorithm: k.algorithm()}
	if s.Key == "random" {
		token.Key, token.Algorithm = k.random, "ES256"
	}
	if s.Algorithm != "" {
		token.Algorithm = s.Algorithm
	}
	switch s.Algorithm {
	case "none":
		token.Key = nil
	case "HS256": // a bank that trusts the token's alg would verify with the public key as the secret
		token.Key = k.public
	}
	token.Header = map[string]any{"alg": token.Algorithm, "kid": k.id, "typ": "JWT"}
	return token
}

// forge turns a statement into one that its directory did not sign.
func (k keys) forge(statement, how string) (string, error) {
	if how == "" {
		return statement, nil
	}
	if spoil, is := spoils[how]; is {
		return spoil(statement), nil
	}
	payload, err := claims(statement)
	if err != nil {
		return "", err
	}
	sign := Signing{}
	if how == "unsigned" {
		sign.Algorithm = "none"
	}
	return k.token(payload, sign).Compact()
}

// spoils are the ways to damage a compact JWS after it has been signed.
var spoils = map[string]func(compact string) string{
	"changed_payload":   changePayload,
	"changed_signature": changeSignature,
	"no_signature":      func(compact string) string { return compact[:strings.LastIndex(compact, ".")+1] },
	"two_parts":         func(compact string) string { return compact[:strings.LastIndex(compact, ".")] },
	"five_parts":        func(compact string) string { return compact + ".AAAA.AAAA" },
	"trailing_newline":  func(compact string) string { return compact + "\n" },
	"padding":           func(compact string) string { return compact + "=" },
	"not_base64url":     func(compact string) string { return strings.Replace(compact, ".", "!.", 1) },
	"json_form":         jsonForm,
}

// changePayload adds an unsigned claim.
func changePayload(compact string) string {
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return compact + "."
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || len(payload) < 2 {
		return compact + "."
	}
	parts[1] = dcrclient.Encode(append(payload[:len(payload)-1], `,"changed":true}`...))
	return strings.Join(parts, ".")
}

// changeSignature changes a character in the middle of the last part, where all of its bits are significant.
func changeSignature(compact string) string {
	at := (strings.LastIndex(compact, ".") + len(compact)) / 2
	other := "A"
	if compact[at:at+1] == other {
		other = "B"
	}
	return compact[:at] + other + compact[at+1:]
}

// jsonForm returns the Flattened JWS JSON Serialization (RFC 7515, section 7.2.2), which no profile allows.
func jsonForm(compact string) string {
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return compact + "."
	}
	text, err := json.Marshal(map[string]string{"protected": parts[0], "payload": parts[1], "signature": parts[2]})
	if err != nil { // strings always marshal
		return compact + "."
	}
	return string(text)
}
