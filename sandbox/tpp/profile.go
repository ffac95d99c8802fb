package tpp

import (
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/cert"
)

// usualProfile is taken where nobody says which.
const usualProfile = "obie-3.3"

// A Profile is how the registration requests of one registration standard look.
type Profile struct {
	Name string

	members members
	plain   bool           // the request is a JSON object, and not signed
	names   statementNames // of the claims in its directory's software statements
	manage  string         // scope that a token needs for the registration, and that is asked for by default
}

// members say how the members of a registration request come about, by name.
type members map[string]source

// A source makes a member's value of what is asked; nil leaves it out.
type source func(*asked) (any, error)

// asked is a registration request about to be made.
type asked struct {
	*Client
	statement statement
	scope     string
}

// Profiles are all that we know. A bank's own may differ: --claim and --omit do the rest.
func Profiles() []Profile {
	obie := usual()
	return []Profile{
		{Name: "obie-3.1", names: obieNames, members: obie.with(members{
			"scope":                           scopeList,
			"token_endpoint_auth_signing_alg": algorithm,
			"tls_client_auth_subject_dn":      nil,
			"tls_client_auth_dn":              subjectDN,
		})},
		{Name: "obie-3.2", names: obieNames, members: obie},
		{Name: "obie-3.3", names: obieNames, members: obie},
		{Name: "obie-3.4", names: obieNames, members: obie},
		{Name: "generic-0.1", names: obieNames, members: obie.with(members{
			"grant_types":                     is([]string{"client_credentials", "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer"}),
			"id_token_encrypted_response_alg": is("RSA-OAEP"),
			"id_token_encrypted_response_enc": is("A256GCM"),
		})},
		{Name: "is-json", names: obieNames, plain: true, members: obie.with(members{
			"client_name":                  stated(func(s statement) any { return s.ClientName }),
			"ext_application_display_name": stated(func(s statement) any { return s.ClientName }),
			"jwks_uri":                     stated(func(s statement) any { return s.JWKS }),
			"token_type_extension":         is("JWT"),
			"tls_client_certificate_bound_access_tokens": is(true),
			"require_signed_request_object":              is(true),
			"token_endpoint_allow_reuse_pvt_key_jwt":     is(false),
		})},
		{Name: "cdr-au", names: cdrNames, manage: "cdr:registration", members: obie.with(members{
			"scope":                             nil, // it is that of the software statement
			"software_id":                       nil,
			"response_types":                    is([]string{"code"}),
			"authorization_signed_response_alg": algorithm,
		})},
	}
}

// usual are the members of the data dictionary's (OBIE DCR 3.2 to 3.4), for a TPP that follows it.
func usual() members {
	return members{
		"software_id":                     stated(func(s statement) any { return s.SoftwareID }),
		"redirect_uris":                   stated(func(s statement) any { return s.RedirectURIs }),
		"scope":                           func(a *asked) (any, error) { return a.scope, nil },
		"grant_types":                     is([]string{"authorization_code", "client_credentials", "refresh_token"}),
		"response_types":                  is([]string{"code id_token"}),
		"application_type":                is("web"),
		"id_token_signed_response_alg":    algorithm,
		"request_object_signing_alg":      algorithm,
		"token_endpoint_auth_method":      func(a *asked) (any, error) { return a.AuthMethod, nil },
		"token_endpoint_auth_signing_alg": assertionAlgorithm,
		"tls_client_auth_subject_dn":      subjectDN,
	}
}

// with is a copy where some members come about in another way, or, with nil, not at all.
func (m members) with(other members) members {
	all := maps.Clone(m)
	maps.Copy(all, other)
	maps.DeleteFunc(all, func(_ string, from source) bool { return from == nil })
	return all
}

func is(value any) source { return func(*asked) (any, error) { return value, nil } }

func stated(read func(statement) any) source {
	return func(a *asked) (any, error) { return read(a.statement), nil }
}

func algorithm(a *asked) (any, error) { return a.algorithm(), nil }

func scopeList(a *asked) (any, error) { return strings.Fields(a.scope), nil }

// assertionAlgorithm "must be specified if token_endpoint_auth_method is private_key_jwt" (OBIE DCR, Data Dictionary).
func assertionAlgorithm(a *asked) (any, error) {
	if a.AuthMethod != PrivateKeyJWT {
		return nil, nil
	}
	return a.algorithm(), nil
}

// subjectDN "must contain the DN of the certificate that the TPP will present" (OBIE DCR, Data Dictionary).
func subjectDN(a *asked) (any, error) {
	if a.AuthMethod != TLSClientAuth {
		return nil, nil
	}
	certificate, err := cert.ParsePEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.leaf}))
	if err != nil {
		return nil, fmt.Errorf("the transport certificate: %w", err)
	}
	return certificate.Subject.String(), nil
}

// profileOf finds a profile by its name.
func profileOf(name string) (*Profile, error) {
	all := Profiles()
	at := slices.IndexFunc(all, func(p Profile) bool { return p.Name == name })
	if at < 0 {
		return nil, fmt.Errorf("--profile is one of %s", strings.Join(profileNames(), ", "))
	}
	return &all[at], nil
}

func profileNames() []string {
	var names []string
	for _, p := range Profiles() {
		names = append(names, p.Name)
	}
	return names
}
