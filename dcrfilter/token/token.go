// Package token says whose an access token is and what it says (Inspector), and is the built-in key manager: it issues
// certificate-bound access tokens (RFC 9068, RFC 8705). The registry issues, the gate inspects.
package token

import (
	"errors"
	"slices"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// ErrInvalid is the one error for an invalid token; its wrapped text is for the log.
var ErrInvalid = errors.New("the access token is not acceptable")

// MaxLifetime is the longest life a token may have.
const MaxLifetime = 24 * time.Hour

const (
	maxRoles   = 32
	maxRoleLen = 64
)

const (
	algorithm = "PS256"  // RFC 9068 names RS256, which FAPI 1.0 Part 2 (section 8.6) forbids
	tokenType = "at+jwt" // RFC 9068, section 2.1
)

// Token is a verified access token. Its signature, issuer, audience and times hold; its standing is the store's to say.
type Token struct {
	Issuer     string // iss
	Audience   string // of aud, the one that is ours
	ID         string // jti
	ClientID   string
	Software   *dcr.Software // id, organisation and roles alone: what a token says of it
	Scopes     []string
	Thumbprint string // cnf x5t#S256
	Generation uint64 // gen: of the client, when it was issued
	IssuedAt   time.Time
	Expires    time.Time
}

// CheckRoles refuses roles that a token cannot carry: more than 32, or one that is not of 1 to 64 visible ASCII
// characters. A server behind the gate may be told them in a header, separated by spaces.
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
