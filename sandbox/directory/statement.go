package directory

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// Changes make a software statement that differs from what the directory would sign: what a test of a bank needs.
type Changes struct {
	Claims map[string]json.RawMessage `json:"claims"` // replaced, or added
	Header map[string]json.RawMessage `json:"header"` // replaced, or added
	Omit   []string                   `json:"omit"`   // members left out, of the claims and of the header
}

type statementSigner struct {
	key crypto.Signer
	jwk pki.JWK
}

// Statement signs a software statement for a software: ErrUnknown.
func (d *Directory) Statement(softwareID string, changes Changes) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.software[softwareID]
	if !ok {
		return "", ErrUnknown
	}
	return d.sign(s, changes)
}

func (d *Directory) sign(s *Software, changes Changes) (string, error) {
	// "alg MUST be ES256 or PS256" (OBIE directory specification). RS256 is here because banks must refuse it. Any
	// other alg is a text in the header only.
	algorithm := "PS256"
	if raw, ok := changes.Header["alg"]; ok {
		var asked string
		if json.Unmarshal(raw, &asked) == nil && (asked == "ES256" || asked == "RS256") {
			algorithm = asked
		}
	}
	signer := d.signers[0]
	if algorithm == "ES256" {
		signer = d.signers[1]
	}
	header := map[string]any{"alg": algorithm, "typ": "JWT", "kid": signer.jwk.ID}
	claims := d.claims(s)
	for name, value := range changes.Header {
		header[name] = value
	}
	for name, value := range changes.Claims {
		claims[name] = value
	}
	for _, name := range changes.Omit {
		delete(header, name)
		delete(claims, name)
	}
	return Compact(signer.key, algorithm, header, claims)
}

// claims are those of the OBIE directory's statements, all of them.
func (d *Directory) claims(s *Software) map[string]any {
	id := make([]byte, 8)
	_, _ = rand.Read(id) // never fails
	label := "Sandbox TPP " + s.SoftwareID[:4]
	site := "https://" + s.OrgID + ".example.com"
	return map[string]any{
		"iss": Issuer,
		"iat": time.Now().Unix(),
		"jti": hex.EncodeToString(id),

		"software_id":                    s.SoftwareID,
		"software_client_id":             s.SoftwareID,
		"software_client_name":           label,
		"software_client_description":    label + ", made by the sandbox's directory",
		"software_version":               1.1,
		"software_environment":           "sandbox",
		"software_mode":                  "Test",
		"software_client_uri":            site,
		"software_logo_uri":              site + "/logo.png",
		"software_policy_uri":            site + "/policy",
		"software_tos_uri":               site + "/tos",
		"software_on_behalf_of_org":      label,
		"software_redirect_uris":         s.RedirectURIs,
		"software_roles":                 s.Roles,
		"software_jwks_endpoint":         d.softwareKeys(s, ""),
		"software_jwks_revoked_endpoint": d.softwareKeys(s, "/revoked"),

		"org_id":                    s.OrgID,
		"org_name":                  "Sandbox Organisation " + s.OrgID,
		"org_status":                "Active",
		"org_contacts":              contacts(s),
		"org_jwks_endpoint":         d.organisationKeys(s, ""),
		"org_jwks_revoked_endpoint": d.organisationKeys(s, "/revoked"),
		"organisation_competent_authority_claims": map[string]any{
			"authority_id":    "OBGBR",
			"registration_id": "Unknown" + s.OrgID,
			"status":          "Active",
			"authorisations":  authorisations(s, "GB", "IE", "NL"),
		},
	}
}

func contacts(s *Software) []map[string]string {
	var all []map[string]string
	for _, kind := range []string{"Technical", "Business"} {
		all = append(all, map[string]string{"name": kind, "type": kind, "email": "contact@" + s.OrgID + ".example.com", "phone": "+440000000000"})
	}
	return all
}

func authorisations(s *Software, states ...string) []map[string]any {
	var all []map[string]any
	for _, state := range states {
		all = append(all, map[string]any{"member_state": state, "roles": s.Roles})
	}
	return all
}

// Compact writes a JWS in its compact form: RS256 if that is the algorithm, else what FAPI has for the key. The header is
// written as it is, be it fit for the signature or not.
func Compact(key crypto.Signer, algorithm string, header, claims map[string]any) (string, error) {
	headerText, err := json.Marshal(header)
	if err != nil {
		return "", fmt.Errorf("write the header: %w", err)
	}
	claimsText, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("write the claims: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	input := encode(headerText) + "." + encode(claimsText)
	digest := sha256.Sum256([]byte(input))
	signature, err := signature(key, algorithm, digest[:])
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return input + "." + encode(signature), nil
}

func signature(key crypto.Signer, algorithm string, digest []byte) ([]byte, error) {
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if algorithm == "RS256" {
			return key.Sign(rand.Reader, digest, crypto.SHA256)
		}
		return key.Sign(rand.Reader, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	case *ecdsa.PrivateKey:
		// "R and S as octet strings ... concatenated" (RFC 7518, section 3.4)
		r, s, err := ecdsa.Sign(rand.Reader, key, digest)
		if err != nil {
			return nil, err
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), nil
	}
	return nil, fmt.Errorf("no signature for %s", algorithm)
}
