package routes

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// OwnMetadata are the members of the discovery document that the registry writes from the rest of the file and from the
// profiles in use (RFC 8414, section 2; RFC 8705, sections 3.3 and 5; OpenID Connect Discovery 1.0, section 3; JARM,
// section 4). Metadata has none of them, so that the document cannot contradict what the gateway does.
var OwnMetadata = []string{
	"issuer", "registration_endpoint", "token_endpoint", "revocation_endpoint", "introspection_endpoint", "jwks_uri", "mtls_endpoint_aliases",
	"scopes_supported", "grant_types_supported", "response_types_supported",
	"token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported",
	"revocation_endpoint_auth_methods_supported", "revocation_endpoint_auth_signing_alg_values_supported",
	"introspection_endpoint_auth_methods_supported", "introspection_endpoint_auth_signing_alg_values_supported",
	"id_token_signing_alg_values_supported", "id_token_encryption_alg_values_supported", "id_token_encryption_enc_values_supported",
	"request_object_signing_alg_values_supported", "authorization_signing_alg_values_supported",
	"authorization_encryption_alg_values_supported", "authorization_encryption_enc_values_supported",
	"tls_client_certificate_bound_access_tokens",
}

// checkMetadata refuses members that contradict the gateway's own, and endpoints that are no https URLs: "URL of the
// authorization server's ... endpoint" (RFC 8414, section 2).
func (c *checker) checkMetadata() {
	https := kinds["https"]
	for _, name := range slices.Sorted(maps.Keys(c.Metadata)) {
		where := "metadata." + name
		if slices.Contains(OwnMetadata, name) {
			c.add("metadata.own", where, "is the gateway's own: it follows from the rest of this file and from the profiles of its routes")
			continue
		}
		if !strings.HasSuffix(name, "_endpoint") && !strings.HasSuffix(name, "_uri") {
			continue
		}
		var text string
		if json.Unmarshal([]byte(c.Metadata[name]), &text) != nil || !https.Accepts(text) {
			c.add("metadata.url", where, "must be %s", https.Words())
		}
	}
}
