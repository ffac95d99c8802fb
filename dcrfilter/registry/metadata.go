package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
)

const (
	// keysMaxAge is shorter than the time between publishing a key and signing with it.
	keysMaxAge     = 30
	metadataMaxAge = 60
	// factsKeysMaxAge is far below the hour for which a key stays in the set after its gate has ended. A gate publishes its
	// key before it answers the first request: who meets a kid that is not in the cached set fetches the set again.
	factsKeysMaxAge = 60
	// maxFactsKeys is more than the gates of a bank, with those that were restarted within an hour.
	maxFactsKeys = 256
)

// metadata is the document of RFC 8414, section 2, with the members of RFC 8705 (sections 3.3 and 5).
type metadata struct {
	Issuer                       string            `json:"issuer"`
	RegistrationEndpoint         string            `json:"registration_endpoint,omitempty"`
	TokenEndpoint                string            `json:"token_endpoint,omitempty"`
	RevocationEndpoint           string            `json:"revocation_endpoint,omitempty"`
	IntrospectionEndpoint        string            `json:"introspection_endpoint,omitempty"`
	JWKSURI                      string            `json:"jwks_uri,omitempty"`
	Aliases                      map[string]string `json:"mtls_endpoint_aliases"`
	Scopes                       []string          `json:"scopes_supported"`
	GrantTypes                   []string          `json:"grant_types_supported"`
	ResponseTypes                []string          `json:"response_types_supported"`
	TokenAuthMethods             []string          `json:"token_endpoint_auth_methods_supported"`
	TokenAuthAlgorithms          []string          `json:"token_endpoint_auth_signing_alg_values_supported"`
	RevocationAuthMethods        []string          `json:"revocation_endpoint_auth_methods_supported"`
	RevocationAuthAlgorithms     []string          `json:"revocation_endpoint_auth_signing_alg_values_supported"`
	IntrospectionAuthMethods     []string          `json:"introspection_endpoint_auth_methods_supported"`
	IntrospectionAuthAlgorithms  []string          `json:"introspection_endpoint_auth_signing_alg_values_supported"`
	IDTokenAlgorithms            []string          `json:"id_token_signing_alg_values_supported"`
	RequestObjectAlgorithms      []string          `json:"request_object_signing_alg_values_supported"`
	CertificateBoundAccessTokens bool              `json:"tls_client_certificate_bound_access_tokens"`
}

// newMetadata writes the discovery document. Its grants are those that the token endpoint supports.
func newMetadata(version *config.Version) ([]byte, error) {
	// "For JWS, both clients and authorization servers shall use PS256 or ES256 algorithms" (FAPI 1.0 Part 2, section 8.6).
	// Clients take the first.
	algorithms := []string{"PS256", "ES256"}
	file := version.File
	m := metadata{
		Issuer:                file.Issuer,
		RegistrationEndpoint:  endpointURL(file, routes.EndpointRegistration, http.MethodPost),
		TokenEndpoint:         endpointURL(file, routes.EndpointToken, http.MethodPost),
		RevocationEndpoint:    endpointURL(file, routes.EndpointRevocation, http.MethodPost),
		IntrospectionEndpoint: endpointURL(file, routes.EndpointIntrospection, http.MethodPost),
		JWKSURI:               endpointURL(file, routes.EndpointJWKS, http.MethodGet),
		Scopes:                scopes(version),
		GrantTypes:            []string{rule.GrantClientCredentials},
		ResponseTypes:         []string{"code", "code id_token"},
		TokenAuthMethods:      file.AuthMethods, TokenAuthAlgorithms: algorithms,
		RevocationAuthMethods: file.AuthMethods, RevocationAuthAlgorithms: algorithms,
		IntrospectionAuthMethods: file.AuthMethods, IntrospectionAuthAlgorithms: algorithms,
		IDTokenAlgorithms: algorithms, RequestObjectAlgorithms: algorithms,
		CertificateBoundAccessTokens: true,
	}
	m.Aliases = map[string]string{
		"registration_endpoint":  m.RegistrationEndpoint,
		"token_endpoint":         m.TokenEndpoint,
		"revocation_endpoint":    m.RevocationEndpoint,
		"introspection_endpoint": m.IntrospectionEndpoint,
	}
	maps.DeleteFunc(m.Aliases, func(_, url string) bool { return url == "" })
	document, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("writing the discovery document: %w", err)
	}
	return document, nil
}

// scopes returns the scopes that any role of any directory allows.
func scopes(version *config.Version) []string {
	all := map[string]bool{}
	for _, directory := range version.Directories {
		for scope := range directory.Scopes {
			all[scope] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// discovery answers with the authorization server's metadata (RFC 8414, section 3.2).
func (e *edition) discovery(context.Context, *request) (answer, error) {
	return public(e.metadata, metadataMaxAge), nil
}

// jwks answers with the keys that verify access tokens (RFC 7517, section 5).
func (e *edition) jwks(context.Context, *request) (answer, error) {
	keys, err := e.ring.JWKS()
	return public(keys, keysMaxAge), err
}

// factsKeys answers with the keys that verify the facts of all gates (RFC 7517, section 5).
func (e *edition) factsKeys(ctx context.Context, _ *request) (answer, error) {
	keys, err := e.parts.Store.FactsKeys(ctx, maxFactsKeys)
	if err != nil {
		return answer{}, fmt.Errorf("keys of facts: %w", err)
	}
	set := slices.Concat([]byte(`{"keys":[`), bytes.Join(keys, []byte(",")), []byte(`]}`))
	return public(set, factsKeysMaxAge), nil
}
