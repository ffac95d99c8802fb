package harness

import (
	"maps"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/sandbox/worldfile"
)

// shape is what the requests of a registration profile have that those of the others have not.
type shape struct {
	claims map[string]any // nil for one that is left out
	plain  bool           // the request is a JSON object, and not signed
	scope  string         // of a token for the registration and for the bank's API, where it must be named
}

// shapes are those that differ from OBIE's of 3.2 to 3.4. What 3.1 has in another way is for the test to say.
var shapes = map[string]shape{
	"generic-0.1": {claims: map[string]any{
		"grant_types":                     []string{"authorization_code", "client_credentials", "refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
		"id_token_encrypted_response_alg": "RSA-OAEP", "id_token_encrypted_response_enc": "A256GCM",
	}},
	"is-json": {plain: true, claims: map[string]any{
		"token_type_extension": "JWT", "tls_client_certificate_bound_access_tokens": true, "require_signed_request_object": true,
		"token_endpoint_allow_reuse_pvt_key_jwt": false,
	}},
	"cdr-au": {scope: "cdr:registration bank:accounts.basic:read", claims: map[string]any{
		"scope": nil, "response_types": []string{"code"}, "authorization_signed_response_alg": "PS256",
	}},
}

// apply changes the claims of a request.
func (s shape) apply(claims map[string]any) {
	maps.Copy(claims, s.claims)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
}

// at is the world as it is for the software's profile: its registration endpoint, its directory, its APIs.
func (s *Software) at() *worldfile.World {
	seen, err := s.World.File.For(s.Profile)
	if err != nil {
		return s.World.File // Enrol has refused such a profile
	}
	return seen
}

// RegistrationURL is where the software registers.
func (s *Software) RegistrationURL() string { return s.at().Registration }

// ClientURL is where a client of the software is read, updated and deleted.
func (s *Software) ClientURL(id string) string {
	return strings.TrimSuffix(s.RegistrationURL(), "/") + "/" + id
}

// API is one that the software may call with GET.
func (s *Software) API() worldfile.API { return s.at().APIs[0] }

// TokenScope is what a token must be asked for by name, to be good for the registration and the API; "" where all that the
// client is registered for is the default.
func (s *Software) TokenScope() string { return shapes[s.Profile].scope }

// Sent is how a registration request is sent: signed or, in a profile without signatures, the claims alone.
func (s *Software) Sent(request *JWT) (contentType, body string) {
	if !shapes[s.Profile].plain {
		return "application/jose", request.Compact()
	}
	if request.RawClaims != "" {
		return "application/json", request.RawClaims
	}
	return "application/json", text(request.Claims)
}
