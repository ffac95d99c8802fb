package token

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
)

// Issuer signs tokens.
type Issuer struct {
	ring   *Ring
	own    Identity
	issued *Identities
	now    func() time.Time
}

// NewIssuer returns an issuer of tokens with the identity own, which it stores in issued.
func NewIssuer(ring *Ring, own Identity, issued *Identities, now func() time.Time) *Issuer {
	return &Issuer{ring: ring, own: own, issued: issued, now: now}
}

// claims are those of RFC 9068 (section 2.2), with the confirmation of RFC 8705 (section 3.1) and four of our own.
type claims struct {
	Issuer       string       `json:"iss"`
	Audience     string       `json:"aud"`
	Subject      string       `json:"sub"`
	ClientID     string       `json:"client_id"`
	IssuedAt     int64        `json:"iat"`
	Expires      int64        `json:"exp"`
	ID           string       `json:"jti"`
	Scope        string       `json:"scope,omitempty"`
	Confirmation confirmation `json:"cnf"`
	SoftwareID   string       `json:"software_id,omitempty"`
	OrgID        string       `json:"org_id,omitempty"`
	Roles        []string     `json:"software_roles,omitempty"`
	Generation   uint64       `json:"gen"`
}

type confirmation struct {
	Thumbprint string `json:"x5t#S256"`
}

// Issue signs a token. It sets ID, IssuedAt and Expires.
func (i *Issuer) Issue(ctx context.Context, t Token) (compact string, issued Token, err error) {
	if err := ctx.Err(); err != nil {
		return "", Token{}, err
	}
	// "shall only issue sender-constrained access tokens" (FAPI 1.0 Part 2, section 5.2.2)
	if t.ClientID == "" || !isThumbprint(t.Thumbprint) {
		return "", Token{}, fmt.Errorf("a token needs a client and the thumbprint of its certificate")
	}
	if err := CheckRoles(t.Software.GetRoles()); err != nil {
		return "", Token{}, err
	}
	if i.own.Lifetime < time.Second || i.own.Lifetime > MaxLifetime {
		return "", Token{}, fmt.Errorf("the lifetime of tokens is not between a second and %s", MaxLifetime)
	}
	k, err := i.ring.signing()
	if err != nil {
		return "", Token{}, err
	}
	t.ID = rand.Text() // 130 random bits, of 128 that FAPI 1.0 Part 1 (section 5.2.2) asks for
	t.IssuedAt = i.now().Truncate(time.Second)
	t.Expires = t.IssuedAt.Add(i.own.Lifetime)
	t.Issuer, t.Audience = i.own.Issuer, i.own.Audience
	if err := i.issued.remember(ctx, i.own, t.IssuedAt, t.Expires); err != nil {
		return "", Token{}, err
	}
	payload, err := json.Marshal(claims{
		Issuer: t.Issuer, Audience: t.Audience, Subject: t.ClientID, ClientID: t.ClientID,
		IssuedAt: t.IssuedAt.Unix(), Expires: t.Expires.Unix(), ID: t.ID,
		Scope: strings.Join(t.Scopes, " "), Confirmation: confirmation{t.Thumbprint},
		SoftwareID: t.Software.GetId(), OrgID: t.Software.GetOrgId(), Roles: t.Software.GetRoles(), Generation: t.Generation,
	})
	if err != nil {
		return "", Token{}, fmt.Errorf("writing a token: %w", err)
	}
	compact, err = jose.Sign(k.private, jose.Header{Algorithm: algorithm, Type: tokenType, KeyID: k.id}, payload)
	if err != nil {
		return "", Token{}, fmt.Errorf("signing a token: %w", err)
	}
	return compact, t, nil
}
