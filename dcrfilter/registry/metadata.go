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

// metadata is the document of RFC 8414, section 2, with the members of RFC 8705 (sections 3.3 and 5), and those that
// OpenID Connect Discovery 1.0 (section 3) and JARM (section 4) require of what the profiles in use register.
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
	SubjectTypes                 []string          `json:"subject_types_supported,omitempty"`
	TokenAuthMethods             []string          `json:"token_endpoint_auth_methods_supported"`
	TokenAuthAlgorithms          []string          `json:"token_endpoint_auth_signing_alg_values_supported"`
	RevocationAuthMethods        []string          `json:"revocation_endpoint_auth_methods_supported"`
	RevocationAuthAlgorithms     []string          `json:"revocation_endpoint_auth_signing_alg_values_supported"`
	IntrospectionAuthMethods     []string          `json:"introspection_endpoint_auth_methods_supported"`
	IntrospectionAuthAlgorithms  []string          `json:"introspection_endpoint_auth_signing_alg_values_supported"`
	IDTokenAlgorithms            []string          `json:"id_token_signing_alg_values_supported"`
	IDTokenKeyEncryption         []string          `json:"id_token_encryption_alg_values_supported,omitempty"`
	IDTokenEncryption            []string          `json:"id_token_encryption_enc_values_supported,omitempty"`
	RequestObjectAlgorithms      []string          `json:"request_object_signing_alg_values_supported"`
	AuthorizationAlgorithms      []string          `json:"authorization_signing_alg_values_supported,omitempty"`
	AuthorizationKeyEncryption   []string          `json:"authorization_encryption_alg_values_supported,omitempty"`
	AuthorizationEncryption      []string          `json:"authorization_encryption_enc_values_supported,omitempty"`
	CertificateBoundAccessTokens bool              `json:"tls_client_certificate_bound_access_tokens"`
}

// subjectTypes is the member that Metadata may replace: only the bank knows how its ID tokens name a customer. "Valid types
// include pairwise and public" (OpenID Connect Discovery 1.0, section 3).
const subjectTypes = "subject_types_supported"

// newMetadata writes the discovery document. Its grants are those that the token endpoint supports.
func newMetadata(version *config.Version) ([]byte, error) {
	// "For JWS, both clients and authorization servers shall use PS256 or ES256 algorithms" (FAPI 1.0 Part 2, section 8.6).
	// Clients take the first. RS256, which OpenID Connect Discovery requires of ID tokens, is not among them.
	algorithms := []string{"PS256", "ES256"}
	file, values := version.File, registered(version)
	m := metadata{
		Issuer:                file.Issuer,
		RegistrationEndpoint:  endpointURL(file, routes.EndpointRegistration, http.MethodPost),
		TokenEndpoint:         endpointURL(file, routes.EndpointToken, http.MethodPost),
		RevocationEndpoint:    endpointURL(file, routes.EndpointRevocation, http.MethodPost),
		IntrospectionEndpoint: endpointURL(file, routes.EndpointIntrospection, http.MethodPost),
		JWKSURI:               endpointURL(file, routes.EndpointJWKS, http.MethodGet),
		Scopes:                scopes(version),
		GrantTypes:            []string{rule.GrantClientCredentials},
		ResponseTypes:         values("response_types", "code"),
		TokenAuthMethods:      file.AuthMethods, TokenAuthAlgorithms: algorithms,
		RevocationAuthMethods: file.AuthMethods, RevocationAuthAlgorithms: algorithms,
		IntrospectionAuthMethods: file.AuthMethods, IntrospectionAuthAlgorithms: algorithms,
		IDTokenAlgorithms:            values("id_token_signed_response_alg", algorithms...),
		IDTokenKeyEncryption:         values("id_token_encrypted_response_alg"),
		IDTokenEncryption:            values("id_token_encrypted_response_enc"),
		RequestObjectAlgorithms:      values("request_object_signing_alg", algorithms...),
		AuthorizationAlgorithms:      values("authorization_signed_response_alg"),
		AuthorizationKeyEncryption:   values("authorization_encrypted_response_alg"),
		AuthorizationEncryption:      values("authorization_encrypted_response_enc"),
		CertificateBoundAccessTokens: true,
	}
	if _, own := file.Metadata[subjectTypes]; !own {
		m.SubjectTypes = []string{"public"}
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
	return withMembers(document, file.Metadata), nil
}

// withMembers adds members to an object of JSON. The reader has refused those that are in it already.
func withMembers(object []byte, members routes.Metadata) []byte {
	object = object[:len(object)-1]
	for _, name := range slices.Sorted(maps.Keys(members)) {
		object = fmt.Appendf(object, ",%q:%s", name, members[name])
	}
	return append(object, '}')
}

// registered returns what looks up the values that the profiles of the registration routes allow for a member, in their
// order; otherwise is for a member that no profile has.
func registered(version *config.Version) func(member string, otherwise ...string) []string {
	return func(member string, otherwise ...string) []string {
		var all []string
		for i := range version.File.Routes {
			if profile := version.Profiles[version.File.Routes[i].Profile]; profile != nil {
				if known := profile.Members[profile.Named(member)]; known != nil {
					all = append(all, known.Values...)
				}
			}
		}
		var once []string
		for _, value := range all {
			if !slices.Contains(once, value) {
				once = append(once, value)
			}
		}
		if once == nil {
			return otherwise
		}
		return once
	}
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
