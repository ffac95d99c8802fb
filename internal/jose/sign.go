package jose

import (
	"crypto"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// errKey means that a key does not suit the algorithm, or that one of them is not supported.
var errKey = errors.New("the key must be RSA of 2048 to 8192 bits for PS256, P-256 for ES256 or Ed25519 for EdDSA")

// Sign returns a compact JWS. header's alg chooses the algorithm: PS256, ES256 or EdDSA; the key must suit it.
func Sign(key crypto.Signer, header Header, claims []byte) (string, error) {
	if !suits(key.Public(), header.Algorithm) {
		return "", errKey
	}
	protected, err := json.Marshal(header)
	if err != nil {
		return "", fmt.Errorf("write the header: %w", err)
	}
	signer, err := jws.NewSigner(jwa.SignatureAlgorithm(header.Algorithm))
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	token := base64url.AppendEncode(nil, protected)
	token = append(token, '.')
	token = base64url.AppendEncode(token, claims)
	signature, err := signer.Sign(token, key)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	token = append(token, '.')
	return string(base64url.AppendEncode(token, signature)), nil
}
