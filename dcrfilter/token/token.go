// Package token is the built-in key manager: it issues certificate-bound access tokens (RFC 9068, RFC 8705) and
// verifies them. The registry issues, the gate verifies.
package token

import (
	"errors"
	"time"
)

// ErrInvalid is the one error for a token that is not to be accepted; its wrapped text is for the log.
var ErrInvalid = errors.New("the access token is not acceptable")

// MaxLifetime is the longest life a token may have.
const MaxLifetime = 24 * time.Hour

const (
	algorithm = "PS256"  // RFC 9068 names RS256, which FAPI 1.0 Part 2 (section 8.6) forbids
	tokenType = "at+jwt" // RFC 9068, section 2.1
)

// Token is a verified access token. Its signature, issuer, audience and times hold; its standing is the store's to say.
type Token struct {
	ID         string // jti
	ClientID   string
	SoftwareID string
	OrgID      string
	Scopes     []string
	Thumbprint string // cnf x5t#S256
	Generation uint64 // gen: of the client, when it was issued
	IssuedAt   time.Time
	Expires    time.Time
}
