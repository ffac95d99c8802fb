package directory

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// CDRIssuer is the iss of every software statement of the Australian CDR register.
const CDRIssuer = "cdr-register"

// cdrLife is how long a statement of the register is good for.
const cdrLife = 10 * time.Minute

// cdrScopes are those of a software product that may read the data of banks.
const cdrScopes = "openid profile bank:accounts.basic:read bank:accounts.detail:read bank:transactions:read bank:payees:read " +
	"bank:regular_payments:read common:customer.basic:read common:customer.detail:read cdr:registration"

// CDR is the dialect of Australia's Consumer Data Right (Consumer Data Standards).
func CDR() Dialect {
	return Dialect{
		Name:          "cdr",
		Issuer:        CDRIssuer,
		Folder:        "cdr",
		prefix:        "/cdr-register",
		statementKeys: "/v1/jwks",
		authority:     pkix.Name{Organization: []string{"Sandbox"}, OrganizationalUnit: []string{"Consumer Data Right"}, Country: []string{"AU"}},
		label:         "CDR Sandbox",
		keys:          cdrKeys,

		newOrganisation: uuid.NewString, newSoftware: uuid.NewString,
		organisation:     regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`),
		organisationForm: "a GUID in lower case",
		roles:            []string{"data-recipient-software-product"},
		published:        []string{"sig"},

		kinds: []kind{{name: "cdr", certificates: func(s *Software) (transport, signing x509.Certificate, err error) {
			return pki.CDRClient(product(s), brand(s)), pki.CDRSigning(product(s), brand(s)), nil
		}}},
		claims: cdrClaims,
	}
}

// cdrKeys has elliptic CAs, which do not take long to make.
func cdrKeys() (root, issuing, statement crypto.Signer, err error) {
	keys, err := pki.RSA(1)
	if err != nil {
		return nil, nil, nil, err
	}
	first, firstErr := pki.EC()
	second, secondErr := pki.EC()
	return first, second, keys[0], errors.Join(firstErr, secondErr)
}

// cdrClaims are those of the register's statements, all but sector_identifier_uri, which few have.
func cdrClaims(d *Directory, s *Software) map[string]any {
	now, site := time.Now(), "https://"+s.OrgID+".example.com"
	return map[string]any{
		"iss": CDRIssuer, "iat": now.Unix(), "exp": now.Add(cdrLife).Unix(), "jti": strings.ReplaceAll(uuid.NewString(), "-", ""),

		"legal_entity_id":   uuid.NewSHA1(uuid.NameSpaceOID, []byte(s.OrgID)).String(),
		"legal_entity_name": brand(s) + " Pty Ltd",
		"org_id":            s.OrgID,
		"org_name":          brand(s),

		"client_name":        product(s),
		"client_description": product(s) + ", made by the sandbox's register",
		"client_uri":         site,
		"redirect_uris":      s.RedirectURIs,
		"logo_uri":           site + "/logo.png",
		"tos_uri":            site + "/tos",
		"policy_uri":         site + "/policy",
		"jwks_uri":           d.softwareKeys(s, ""),
		"revocation_uri":     site + "/revocation",
		"recipient_base_uri": site,

		"software_id":    s.SoftwareID,
		"software_roles": strings.Join(s.Roles, " "), // a string, not an array
		"scope":          cdrScopes,
	}
}

func product(s *Software) string { return "Sandbox Product " + s.SoftwareID[:8] }

func brand(s *Software) string { return "Sandbox Brand " + s.OrgID[:8] }
