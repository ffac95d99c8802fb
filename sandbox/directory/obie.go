package directory

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// Issuer is the iss of every software statement of an OBIE directory.
const Issuer = "OpenBanking Ltd"

// OBIE is the dialect of the United Kingdom's directory (OBIE directory specification).
func OBIE() Dialect {
	return Dialect{
		Name:          "obie",
		Issuer:        Issuer,
		statementKeys: "/keystore/openbanking.jwks",
		authority:     pkix.Name{Organization: []string{"OpenBanking"}, Country: []string{"GB"}},
		label:         "OpenBanking Sandbox",
		keys:          obieKeys,

		newOrganisation: NewOrganisationID, newSoftware: func() string { return random(22) },
		organisation: regexp.MustCompile(`^[0-9A-Za-z]{1,18}$`), organisationForm: "1 to 18 letters and digits",
		roles:     []string{"AISP", "PISP", "CBPII"},
		published: []string{"tls", "sig"},

		kinds: []kind{
			{name: "ob_legacy", certificates: func(s *Software) (transport, signing x509.Certificate, err error) {
				return pki.Transport(s.OrgID, s.SoftwareID), pki.Signing(s.OrgID, s.SoftwareID), nil
			}},
			{name: "obwac", certificates: func(s *Software) (x509.Certificate, x509.Certificate, error) {
				return qualified(s, s.OrgID)
			}},
			{name: "qwac", qtsp: true, certificates: func(s *Software) (x509.Certificate, x509.Certificate, error) {
				return qualified(s, strings.ToLower(s.OrgID)+".example.com")
			}},
		},
		claims: obieClaims,
	}
}

// qualified are certificates with the authorisation number that the statement has, of the authority OBGBR.
func qualified(s *Software, commonName string) (transport, signing x509.Certificate, err error) {
	identifier := "PSDGB-OB-" + registrationID(s)
	transport, err = pki.Qualified(commonName, identifier, s.Roles)
	if err != nil {
		err = fmt.Errorf("%w: %w", errOrder, err)
	}
	return transport, pki.QualifiedSigning(commonName, identifier), err
}

// registrationID is the authorisation number of an organisation that no authority has authorised.
func registrationID(s *Software) string { return "Unknown" + s.OrgID }

func obieKeys() (root, issuing, statement crypto.Signer, err error) {
	keys, err := pki.RSA(3)
	if err != nil {
		return nil, nil, nil, err
	}
	return keys[0], keys[1], keys[2], nil
}

// obieClaims are those of the OBIE directory's statements, all of them.
func obieClaims(d *Directory, s *Software) map[string]any {
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
			"registration_id": registrationID(s),
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

// NewOrganisationID returns an id in the form of those that OBIE gives to organisations.
func NewOrganisationID() string { return "00158000" + random(10) }

// random returns n random letters and digits.
func random(n int) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	text := make([]byte, n)
	for i := range text {
		index, _ := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet)))) // crypto/rand's reader never fails
		text[i] = alphabet[index.Int64()]
	}
	return string(text)
}
