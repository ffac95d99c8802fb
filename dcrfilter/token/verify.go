package token

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

const (
	maxBytes      = 8 << 10
	thumbprintLen = 43 // base64url of SHA-256, without padding
)

// Verifier verifies tokens with keys of the ring only: never a key that a token names or carries.
type Verifier struct {
	ring     *Ring
	issuer   string
	audience string
	policy   jose.Policy
}

// NewVerifier returns a verifier of the tokens of issuer that are meant for audience.
func NewVerifier(ring *Ring, issuer, audience string) *Verifier {
	return &Verifier{ring: ring, issuer: issuer, audience: audience, policy: jose.Policy{
		Algorithms: []string{algorithm},
		// "The resource server MUST verify that the "typ" header value is "at+jwt" or "application/at+jwt" and reject tokens
		// carrying any other value." (RFC 9068, section 4)
		Types:    []string{tokenType, "application/" + tokenType},
		KeyID:    true,
		MaxBytes: maxBytes,
	}}
}

// Verify checks an access token (RFC 9068, section 4): ErrInvalid, or an error that says that
// the keys could not be had.
func (v *Verifier) Verify(ctx context.Context, compact string, now time.Time) (*Token, error) {
	unverified, err := jose.Parse(compact, v.policy)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	set, err := v.ring.verifying(ctx, unverified.KeyID)
	if err != nil {
		return nil, err
	}
	verified, err := unverified.Verify(set)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	t, err := v.read(verified.Claims, now)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return t, nil
}

// read asks the claims in the order of RFC 9068, section 4.
func (v *Verifier) read(claims strictjson.Object, now time.Time) (*Token, error) {
	// "The issuer identifier for the authorization server ... MUST exactly match the value of the "iss" claim."
	if issuer, err := claims.String("iss"); err != nil || issuer != v.issuer {
		return nil, errors.New("iss is not ours")
	}
	// "The resource server MUST validate that the "aud" claim contains a resource indicator value corresponding to an
	// identifier the resource server expects for itself."
	if !slices.Contains(audiences(claims), v.audience) {
		return nil, errors.New("aud does not name us")
	}
	t := &Token{Software: &dcr.Software{}}
	if err := t.readTimes(claims, now); err != nil {
		return nil, err
	}
	if err := t.readClient(claims); err != nil {
		return nil, err
	}
	if err := t.readBinding(claims); err != nil {
		return nil, err
	}
	if err := t.readOptional(claims); err != nil {
		return nil, err
	}
	if err := t.readRoles(claims); err != nil {
		return nil, err
	}
	return t, nil
}

// "The current time MUST be before the time represented by the "exp" claim."
func (t *Token) readTimes(claims strictjson.Object, now time.Time) error {
	times, err := dcr.ReadTimes(claims)
	if err != nil {
		return err
	}
	t.IssuedAt, t.Expires = times.IssuedAt, times.Expires
	return times.Check(now, MaxLifetime, MaxLifetime)
}

// aud "can either be ... a single case-sensitive string" or an array of them (RFC 7519, section 4.1.3).
func audiences(claims strictjson.Object) []string {
	if one, err := claims.String("aud"); err == nil {
		return []string{one}
	}
	several, err := claims.Strings("aud")
	if err != nil {
		return nil
	}
	return several
}

// sub: "in cases of access tokens obtained through grants where no resource owner is involved ... the value of "sub"
// SHOULD correspond to an identifier the authorization server uses to indicate the client application" (RFC 9068,
// section 2.2). Ours always are: another sub is somebody else's token.
func (t *Token) readClient(claims strictjson.Object) error {
	client, err := claims.String("client_id")
	if err != nil || client == "" {
		return errors.New("client_id is missing")
	}
	if subject, err := claims.String("sub"); err != nil || subject != client {
		return errors.New("sub is not client_id")
	}
	t.ClientID = client
	return nil
}

func (t *Token) readBinding(claims strictjson.Object) error {
	id, err := claims.String("jti")
	if err != nil || id == "" {
		return errors.New("jti is missing")
	}
	generation, err := claims.Int("gen")
	if err != nil || generation < 0 {
		return errors.New("gen is missing")
	}
	// "The protected resource ... MUST verify that the certificate matches" (RFC 8705, section 3): a token that names none
	// is a bearer token, which nobody here accepts. Other members of cnf do not replace it.
	bound, err := claims.Object("cnf")
	if err != nil {
		return errors.New("cnf is missing")
	}
	thumbprint, err := bound.String("x5t#S256")
	if err != nil || !isThumbprint(thumbprint) {
		return errors.New("cnf has no x5t#S256")
	}
	t.ID, t.Generation, t.Thumbprint = id, uint64(generation), thumbprint
	return nil
}

func (t *Token) readOptional(claims strictjson.Object) error {
	var scope string
	for name, target := range map[string]*string{"scope": &scope, "software_id": &t.Software.Id, "org_id": &t.Software.OrgId} {
		if !claims.Has(name) {
			continue
		}
		text, err := claims.String(name)
		if err != nil {
			return err
		}
		*target = text
	}
	if scope != "" {
		t.Scopes = strings.Split(scope, " ")
	}
	return nil
}

func (t *Token) readRoles(claims strictjson.Object) error {
	if !claims.Has("software_roles") {
		return nil
	}
	roles, err := claims.Strings("software_roles")
	if err != nil {
		return err
	}
	t.Software.Roles = roles
	return CheckRoles(roles)
}

func isThumbprint(text string) bool {
	if len(text) != thumbprintLen {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
