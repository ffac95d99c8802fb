package harness

import (
	"fmt"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// JWT is a token about to be signed, valid or not: what stands in it is signed as it stands.
type JWT struct{ dcrclient.JWT }

// Clone returns a copy whose header and claims can be changed without changing these.
func (t *JWT) Clone() *JWT { return &JWT{*t.JWT.Clone()} }

// Compact signs the token. Every token so made is remembered: see Leaks.
func (t *JWT) Compact() string {
	compact := must(t.JWT.Compact())
	Remember(compact)
	return compact
}

// Encode is base64url without padding.
func Encode(b []byte) string { return dcrclient.Encode(b) }

// must is for what fails by a mistake of the test's own: a key that cannot sign, claims that are no JSON.
func must[V any](value V, err error) V {
	if err != nil {
		panic(fmt.Sprintf("harness: %v", err))
	}
	return value
}
