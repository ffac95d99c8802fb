package filter_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"testing"
	"time"
)

// claims are JSON members, as a test writes them. A nil value deletes.
type claims map[string]any

func (c claims) with(change claims) claims {
	changed := maps.Clone(c)
	for name, value := range change {
		if changed[name] = value; value == nil {
			delete(changed, name)
		}
	}
	return changed
}

func marshal(t testing.TB, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// sign writes a compact JWS whose header is the key's own, with the changes: also one that no key could make.
func (k key) sign(t testing.TB, header, payload claims) string {
	t.Helper()
	encode := base64.RawURLEncoding.EncodeToString
	all := claims{"alg": k.algorithm, "kid": k.kid, "typ": "JWT"}.with(header)
	signed := encode(marshal(t, all)) + "." + encode(marshal(t, payload))
	digest := sha256.Sum256([]byte(signed))
	var signature []byte
	var err error
	switch signer := k.signer.(type) {
	case *rsa.PrivateKey:
		signature, err = signer.Sign(rand.Reader, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	case *ecdsa.PrivateKey:
		r, s, failed := ecdsa.Sign(rand.Reader, signer, digest[:])
		signature, err = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), failed
	}
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + encode(signature)
}

// statementClaims is a good software statement of the world's directory.
func (w *world) statementClaims() claims {
	return claims{
		"iss": w.uk.Issuer, "iat": w.now.Add(-time.Minute).Unix(), "jti": "36b5dfe0205c4060",
		"software_id": softwareID, "software_client_name": "A TPP", "software_environment": "sandbox",
		"software_redirect_uris": []string{"https://tpp.example/callback", "https://tpp.example/second"},
		"software_roles":         []string{"AISP", "PISP"},
		"software_jwks_endpoint": w.keystore.at("software"), "software_jwks_revoked_endpoint": w.keystore.at("revoked"),
		"org_id": orgID, "org_status": "Active",
		"org_jwks_endpoint": w.keystore.at("org"), "org_jwks_revoked_endpoint": w.keystore.at("org-revoked"),
		"organisation_competent_authority_claims": claims{
			"authority_id": "FCAGBR", "registration_id": registration, "status": "Active",
			"authorisations": []claims{{"member_state": "GB", "roles": []string{"AISP", "PISP"}}},
		},
	}
}

// requestClaims is a good registration request, without its software statement.
func (w *world) requestClaims() claims {
	return claims{
		"iss": softwareID, "iat": w.now.Unix(), "exp": w.now.Add(30 * time.Minute).Unix(), "aud": bankID,
		"jti": "92713892-5514-41e9-8647-d663bd873d93", "redirect_uris": []string{"https://tpp.example/callback"},
		"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256",
		"grant_types": []string{"authorization_code", "client_credentials"}, "response_types": []string{"code id_token"},
		"software_id": softwareID, "scope": "openid accounts", "application_type": "web",
		"id_token_signed_response_alg": "PS256", "request_object_signing_alg": "ES256",
	}
}

// application is a registration request in the making.
type application struct {
	contentType                      string
	requestKey, statementKey         key
	requestHeader, statementHeader   claims // changes
	request, statement               claims // changes
	certificate                      leaf
	noStatement, noBody, tamperedSSA bool
}

func (w *world) application() *application {
	return &application{
		contentType: "application/jwt", requestKey: w.keys.software, statementKey: w.keys.directory, certificate: w.transport,
		requestHeader: claims{}, statementHeader: claims{}, request: claims{}, statement: claims{},
	}
}

// ssa signs the application's software statement.
func (a *application) ssa(w *world) string {
	return a.statementKey.sign(w.t, a.statementHeader, w.statementClaims().with(a.statement))
}

// body signs the application.
func (a *application) body(w *world) string {
	if a.noBody {
		return ""
	}
	payload := w.requestClaims()
	if !a.noStatement {
		ssa := a.ssa(w)
		if a.tamperedSSA { // another signature, as well formed as the right one
			other := a.ssa(w)
			ssa = ssa[:len(ssa)-300] + other[len(other)-300:]
		}
		payload["software_statement"] = ssa
	}
	return a.requestKey.sign(w.t, a.requestHeader, payload.with(a.request))
}
