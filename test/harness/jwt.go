package harness

import (
	"fmt"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// JWT is a token about to be signed. Its content is signed as it is, valid or not.
type JWT struct{ dcrclient.JWT }

// Clone returns a copy with its own header and claims.
func (t *JWT) Clone() *JWT { return &JWT{*t.JWT.Clone()} }

// Compact signs the token and records it for Leaks.
func (t *JWT) Compact() string {
	compact := must(t.JWT.Compact())
	Remember(compact)
	return compact
}

// Encode is base64url without padding.
func Encode(b []byte) string { return dcrclient.Encode(b) }

// must panics on errors that only a bug in a test can cause: a key that cannot sign, claims that are not JSON.
func must[V any](value V, err error) V {
	if err != nil {
		panic(fmt.Sprintf("harness: %v", err))
	}
	return value
}
