package tpp

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// statement is what a TPP takes over from its software statement. It is the TPP's own, so nothing is verified.
type statement struct {
	SoftwareID, ClientName, JWKS string
	RedirectURIs, Roles          []string
}

// statementNames are what a directory calls the claims that we take over.
type statementNames struct{ redirectURIs, clientName, jwks string }

// The names of the directories that we know; software_id and software_roles are all of them's.
var (
	obieNames = statementNames{redirectURIs: "software_redirect_uris", clientName: "software_client_name", jwks: "software_jwks_endpoint"}
	cdrNames  = statementNames{redirectURIs: "redirect_uris", clientName: "client_name", jwks: "jwks_uri"}
)

// papers reads a software statement. A claim that is not there, or that is something else, is empty: the bank will say so.
func papers(text string, names statementNames) (statement, error) {
	var s statement
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return s, errors.New("the software statement is not a signed JWT")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return s, fmt.Errorf("the software statement: %w", err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		return s, fmt.Errorf("the software statement: %w", err)
	}
	s.SoftwareID, _ = claims["software_id"].(string)
	s.ClientName, _ = claims[names.clientName].(string)
	s.JWKS, _ = claims[names.jwks].(string)
	s.RedirectURIs, s.Roles = texts(claims[names.redirectURIs]), texts(claims["software_roles"])
	return s, nil
}

// texts are those of an array, or one that stands alone.
func texts(value any) []string {
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		all := []string{}
		for _, one := range value {
			if text, ok := one.(string); ok {
				all = append(all, text)
			}
		}
		return all
	}
	return nil
}

// scope is all that the roles allow.
func (s statement) scope() string {
	scopes := []string{"openid"}
	for _, role := range s.Roles {
		if scope := roleScopes[role]; scope != "" {
			scopes = append(scopes, scope)
		}
	}
	return strings.Join(scopes, " ")
}

var roleScopes = map[string]string{"AISP": "accounts", "PISP": "payments", "CBPII": "fundsconfirmations"}
