package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	requests "github.com/dcr-gateway/dcr-gateway/dcrfilter/request"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// grant is the answer of RFC 6749, section 5.1: "A refresh token SHOULD NOT be included." (section 4.4.3)
type grant struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"`
	Scope       string `json:"scope,omitempty"`
}

// token answers the client credentials grant (RFC 6749, section 4.4) with an access token that is bound to the
// certificate of the request (RFC 8705, section 3).
func (e *edition) token(ctx context.Context, r *request) (answer, error) {
	parameters, err := e.parameters(r)
	if err != nil {
		return answer{}, err
	}
	if err := checkGrantType(parameters); err != nil {
		return answer{}, err
	}
	client, err := e.authenticated(ctx, r)
	if err != nil {
		return answer{}, err
	}
	scopes, err := grantedScopes(parameters, client, e.version.Profiles[client.GetProfile()])
	if err != nil {
		return answer{}, err
	}
	if err := e.burn(ctx, r, e.parts.Store.Grant); err != nil {
		return answer{}, err
	}
	compact, issued, err := e.issuer.Issue(ctx, token.Token{
		ClientID: client.GetId(), Software: client.GetSoftware(), Scopes: scopes,
		Thumbprint: r.facts.GetCertificate().GetThumbprint(), Generation: client.GetGeneration(),
	})
	if err != nil {
		return answer{}, fmt.Errorf("issuing a token: %w", err)
	}
	return secretJSON(grant{
		AccessToken: compact, TokenType: "Bearer", Scope: strings.Join(scopes, " "),
		ExpiresIn: int64(issued.Expires.Sub(issued.IssuedAt) / time.Second),
	})
}

// "grant_type REQUIRED. Value MUST be set to "client_credentials"." (RFC 6749, section 4.4.2)
func checkGrantType(parameters requests.Form) error {
	switch parameters.Value("grant_type") {
	case rule.GrantClientCredentials:
		return nil
	case "":
		return dcr.Refuse("grant_type.missing")
	}
	return dcr.Refuse("grant_type.supported")
}

// grantedScopes returns the requested scopes. If the request names none, the client's profile decides: all registered
// scopes that need no user, or no scope. "If the client omits the scope parameter when requesting authorization, the
// authorization server MUST either process the request using a pre-defined default value or fail the request" (RFC
// 6749, section 3.3).
func grantedScopes(parameters requests.Form, client *dcrpb.Client, profile *dcr.Profile) ([]string, error) {
	if !slices.Contains(client.GetGrantTypes(), rule.GrantClientCredentials) {
		return managementScopes(parameters, profile)
	}
	if !parameters.Has("scope") {
		if profile.Clients.DefaultScope != dcr.DefaultRegistered {
			return nil, nil
		}
		return slices.DeleteFunc(slices.Clone(client.GetScopes()), func(scope string) bool { return scope == "openid" }), nil
	}
	var scopes, foreign []string
	for scope := range strings.SplitSeq(parameters.Value("scope"), " ") {
		// "The requested scope is invalid, unknown, malformed, or exceeds the scope granted" (RFC 6749, section 5.2)
		if !slices.Contains(client.GetScopes(), scope) {
			foreign = append(foreign, scope)
		}
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	if foreign != nil {
		return nil, dcr.Refuse("scope.registered", dcr.Values(foreign), dcr.Values(client.GetScopes()))
	}
	return scopes, nil
}

// managementScopes returns the scopes of a token with which a client without client_credentials may manage its
// registration, and nothing else: it must use "a client credentials grant in order to get access to the GET, PUT and DELETE
// operations. A scope need not be specified for the grant" (OBIE DCR, Authentication), whatever grants it registers. For any
// other scope "The authenticated client is not authorized to use this authorization grant type" (RFC 6749, section 5.2).
func managementScopes(parameters requests.Form, profile *dcr.Profile) ([]string, error) {
	scope := profile.Clients.ManagementScope
	if parameters.Has("scope") && (scope == "" || parameters.Value("scope") != scope) {
		return nil, dcr.Refuse("grant_type.registered")
	}
	if scope == "" {
		return nil, nil
	}
	return []string{scope}, nil
}
