package token

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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

var policy = jose.Policy{
	Algorithms: []string{algorithm},
	// "The resource server MUST verify that the "typ" header value is "at+jwt" or "application/at+jwt" and reject tokens
	// carrying any other value." (RFC 9068, section 4)
	Types:    []string{tokenType, "application/" + tokenType},
	KeyID:    true,
	MaxBytes: maxBytes,
}

// Builtin inspects the tokens that this installation issues, only with keys of a ring and never with a key that a token
// names or contains. It is an Inspector.
type Builtin struct {
	ring   *Ring
	own    Identity
	issued *Identities
}

// NewBuiltin returns the inspector of tokens with the identity own or an identity in issued.
func NewBuiltin(ring *Ring, own Identity, issued *Identities) *Builtin {
	return &Builtin{ring: ring, own: own, issued: issued}
}

// Inspect checks an access token (RFC 9068, section 4). It returns ErrInvalid, or another error if the keys or the
// earlier identities could not be read.
func (b *Builtin) Inspect(ctx context.Context, compact string, now time.Time) (*Token, error) {
	claims, kid, err := b.ring.verify(ctx, compact)
	if err != nil {
		return nil, err
	}
	t := &Token{Software: &dcr.Software{}, KeyHeld: func() bool { return b.ring.has(kid) }}
	for _, read := range []func(claims strictjson.Object) error{
		func(claims strictjson.Object) error { return t.readTimes(claims, now) }, t.readClient, t.readBinding, t.readOptional, t.readRoles,
	} {
		if err := read(claims); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	identity, err := b.identity(ctx, claims, t.Expires.Sub(t.IssuedAt), now)
	if err != nil {
		return nil, err
	}
	t.Issuer, t.Audience = identity.Issuer, identity.Audience
	return t, nil
}

// verify returns the claims of an access token that a key of the ring has signed, and the kid of that key.
func (r *Ring) verify(ctx context.Context, compact string) (claims strictjson.Object, kid string, err error) {
	unverified, err := jose.Parse(compact, policy)
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	set, err := r.verifying(ctx, unverified.KeyID)
	if err != nil {
		return nil, "", err
	}
	verified, err := unverified.Verify(set)
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return verified.Claims, unverified.KeyID, nil
}

// identity returns what a token of this lifetime was issued with: the current identity, or an earlier one of this
// installation. The lifetime bounds what a stolen key can sign.
func (b *Builtin) identity(ctx context.Context, claims strictjson.Object, lifetime time.Duration, now time.Time) (Identity, error) {
	issuer, err := claims.String("iss")
	if err != nil {
		return Identity{}, fmt.Errorf("%w: iss: %w", ErrInvalid, err)
	}
	named := audiences(claims)
	// "The issuer identifier for the authorization server ... MUST exactly match the value of the "iss" claim", and "the
	// resource server MUST validate that the "aud" claim contains a resource indicator value corresponding to an identifier
	// the resource server expects for itself." (RFC 9068, section 4)
	for _, audience := range named {
		if b.own.includes(Identity{issuer, audience, lifetime}) {
			return b.own, nil
		}
	}
	for _, audience := range named {
		earlier := Identity{issuer, audience, lifetime}
		issued, err := b.issued.includes(ctx, earlier, now)
		if err != nil {
			return Identity{}, err
		}
		if issued {
			return earlier, nil
		}
	}
	return Identity{}, fmt.Errorf("%w: iss, aud and the time from iat to exp are not those of any token that we issued", ErrInvalid)
}

// Signed returns the token with only ID, ClientID and Expires, if a key of one of the rings has signed it and it has
// not expired; otherwise ErrInvalid. It ignores iss and aud: every token with our signature can be revoked, whatever
// version of the configuration issued it.
func Signed(ctx context.Context, rings []*Ring, compact string, now time.Time) (*Token, error) {
	var claims strictjson.Object
	err := fmt.Errorf("%w: there are no keys", ErrInvalid)
	for _, ring := range rings {
		var failed error
		if claims, _, failed = ring.verify(ctx, compact); failed == nil {
			err = nil
			break
		}
		if !errors.Is(failed, ErrInvalid) || errors.Is(err, ErrInvalid) { // a source that is not available matters more than ErrInvalid
			err = failed
		}
	}
	if err != nil {
		return nil, err
	}
	t := &Token{}
	if t.ID, err = claims.String("jti"); err == nil {
		err = t.readClient(claims)
	}
	if err == nil {
		err = t.readTimes(claims, now)
	}
	if err != nil || !dcr.IsJTI(t.ID) {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, cmp.Or(err, errors.New("jti is blank")))
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
// section 2.2). Our tokens always do: a token with another sub is not ours.
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
	if err != nil || !dcr.IsJTI(id) {
		return errors.New("jti is missing or blank")
	}
	generation, err := claims.Int("gen")
	if err != nil || generation < 0 {
		return errors.New("gen is missing")
	}
	// "The protected resource ... MUST verify that the certificate matches" (RFC 8705, section 3): a token without
	// a certificate is a bearer token, which is refused. Other members of cnf do not replace it.
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
