package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// revoke answers RFC 7009: "The authorization server responds with HTTP status code 200 if the token has been revoked
// successfully or if the client submitted an invalid token." (section 2.2)
func (e *edition) revoke(ctx context.Context, r *request) (answer, error) {
	named, err := e.namedToken(ctx, r, e.parts.Store.BurnToRevoke, func(compact string) (*token.Token, error) {
		return token.Signed(ctx, append([]*token.Ring{e.ring}, e.parts.Rings.All()...), compact, r.now)
	})
	if err != nil {
		return answer{}, err
	}
	// "If the server responds with HTTP status code 503, the client must assume the token still exists and may retry after
	// a reasonable delay." (RFC 7009, section 2.2.1)
	if named == nil {
		r.line.outcome = outcomeUnchanged
	} else {
		if err := e.parts.Store.Revoke(ctx, named.ClientID, named.ID, named.Expires); err != nil {
			return answer{}, fmt.Errorf("revoking a token: %w", err)
		}
	}
	return secret(http.StatusOK, nil), nil
}

// introspection is the answer of RFC 7662, section 2.2, with the confirmation of RFC 8705, section 3.2.
type introspection struct {
	Active       bool          `json:"active"`
	ClientID     string        `json:"client_id,omitempty"`
	Subject      string        `json:"sub,omitempty"`
	Scope        string        `json:"scope,omitempty"`
	TokenType    string        `json:"token_type,omitempty"`
	ID           string        `json:"jti,omitempty"`
	Issuer       string        `json:"iss,omitempty"`
	Audience     string        `json:"aud,omitempty"`
	IssuedAt     int64         `json:"iat,omitempty"`
	Expires      int64         `json:"exp,omitempty"`
	Confirmation *confirmation `json:"cnf,omitempty"`
}

type confirmation struct {
	Thumbprint string `json:"x5t#S256"`
}

// introspect answers RFC 7662: "to avoid disclosing too much of the authorization server's state ... the authorization
// server SHOULD NOT include any additional information about an inactive token" (section 2.2).
func (e *edition) introspect(ctx context.Context, r *request) (answer, error) {
	named, err := e.namedToken(ctx, r, e.parts.Store.Burn, func(compact string) (*token.Token, error) {
		return e.inspector.Inspect(ctx, compact, r.now)
	})
	if err != nil {
		return answer{}, err
	}
	if named == nil {
		return secretJSON(introspection{})
	}
	client, err := e.introspected(ctx, r, named)
	if err != nil {
		return answer{}, err
	}
	if client == nil {
		return secretJSON(introspection{})
	}
	named = named.Within(client.GetScopes())
	standing, err := e.parts.Store.Standing(ctx, named.ClientID, named.ID)
	if err != nil {
		return answer{}, fmt.Errorf("standing of a token: %w", err)
	}
	if !standing.Active || standing.Revoked || standing.Generation != named.Generation {
		return secretJSON(introspection{})
	}
	return secretJSON(introspection{
		Active: true, ClientID: named.ClientID, Subject: named.ClientID, Scope: strings.Join(named.Scopes, " "),
		TokenType: "Bearer", ID: named.ID, Issuer: named.Issuer, Audience: named.Audience,
		IssuedAt: named.IssuedAt.Unix(), Expires: named.Expires.Unix(), Confirmation: &confirmation{named.Thumbprint},
	})
}

// introspected returns the token's client, or nil if it is gone or its profile does not allow introspection: "Introspection
// of Access Tokens and ID Tokens MUST NOT be supported" (Consumer Data Standards, Introspection End Point).
func (e *edition) introspected(ctx context.Context, r *request, named *token.Token) (*dcrpb.Client, error) {
	client, err := e.parts.Store.Client(ctx, named.ClientID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("record of the client: %w", err)
	}
	e.of(r.line, client.GetProfile(), client.GetSoftware())
	profile, err := e.orphans.Profile(e.version, client)
	if err != nil || !profile.Clients.Introspection {
		return nil, err
	}
	return client, nil
}

// namedToken returns the token in a revocation or introspection request. It returns nil if the token is not one of
// ours, is expired, or belongs to another client. The answer does not say which.
func (e *edition) namedToken(ctx context.Context, r *request, mark marker, inspect func(compact string) (*token.Token, error)) (*token.Token, error) {
	parameters, err := e.parameters(r)
	if err != nil {
		return nil, err
	}
	if !parameters.Has("token") {
		return nil, dcr.Refuse("token.missing")
	}
	if err := e.burn(ctx, r, mark); err != nil {
		return nil, err
	}
	named, err := inspect(parameters.Value("token"))
	switch {
	case errors.Is(err, token.ErrInvalid):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("inspecting a token: %w", err)
	case named.ClientID != r.facts.GetClient().GetId():
		return nil, nil
	}
	return named, nil
}
