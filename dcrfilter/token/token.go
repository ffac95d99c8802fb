// Package token issues and inspects certificate-bound access tokens (RFC 9068, RFC 8705) and manages their keys. The
// registry issues, the gate inspects. Whether a valid token's client still exists, or the token was revoked, is a
// question for dcrfilter/store.
package token

import (
	"errors"
	"slices"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// ErrInvalid is the only error for an invalid token; the text that wraps it is for the log.
var ErrInvalid = errors.New("the access token is not acceptable")

// MaxLifetime is the longest lifetime of a token.
const MaxLifetime = 24 * time.Hour

const (
	maxRoles   = 32
	maxRoleLen = 64
)

const (
	algorithm = "PS256"  // RFC 9068 names RS256, which FAPI 1.0 Part 2 (section 8.6) forbids
	tokenType = "at+jwt" // RFC 9068, section 2.1
)

// Token is an access token whose signature, issuer, audience and times have been verified. Its standing is in the
// store.
type Token struct {
	Issuer     string // iss
	Audience   string // of aud, the one that is ours
	ID         string // jti
	ClientID   string
	Software   *dcr.Software // only id, organisation and roles, which a token contains
	Scopes     []string
	Thumbprint string // cnf x5t#S256
	Generation uint64 // gen: of the client, when it was issued
	IssuedAt   time.Time
	Expires    time.Time

	// KeyHeld reports whether the key that verified the token is still one of its issuer's. Ask it before you use a token
	// that was inspected before; if it is nil, inspect the token each time. It is cheap.
	KeyHeld func() bool
}

// Within returns a copy of the token without the scopes that are not in this list: those that its client's record has now.
func (t *Token) Within(scopes []string) *Token {
	cut := *t
	cut.Scopes = slices.DeleteFunc(slices.Clone(t.Scopes), func(scope string) bool { return !slices.Contains(scopes, scope) })
	return &cut
}

// CheckRoles refuses roles that a token cannot contain: more than 32, or one that is not 1 to 64 visible ASCII
// characters. A header may pass them to the server behind the gate, separated by spaces.
func CheckRoles(roles []string) error {
	if len(roles) > maxRoles || slices.ContainsFunc(roles, func(role string) bool { return !isRole(role) }) {
		return errors.New("software_roles must be at most 32, each of 1 to 64 visible ASCII characters")
	}
	return nil
}

func isRole(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return text != "" && len(text) <= maxRoleLen
}
