package conform

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Statements says where software statements come from.
type Statements struct {
	Fetch func(ctx context.Context) (string, error)
	Fresh bool // each call fetches another one
}

// statementAge is how long a statement that may be used again is used: banks refuse old ones.
const statementAge = 4 * time.Minute

// errStatement is of a TPP's papers, which are in order before anything is judged.
var errStatement = errors.New("the software statement is not a signed JWT")

// supply hands out statements, a fresh one where a used one would be refused.
type supply struct {
	Statements
	singleUse bool

	text string
	used bool
	at   time.Time
}

// more says whether a statement can be had that a bank has not seen.
func (s *supply) more() bool { return s.Fresh || !s.singleUse }

func (s *supply) next(ctx context.Context) (string, error) {
	old := s.Fresh && time.Since(s.at) > statementAge
	if s.text == "" || s.singleUse && s.used && s.Fresh || old {
		text, err := s.Fetch(ctx)
		if err != nil {
			return "", fmt.Errorf("get a software statement: %w", err)
		}
		s.text, s.at = strings.TrimSpace(text), time.Now()
	}
	s.used = true
	return s.text, nil
}

// claims reads a statement. It is the TPP's own, so nothing is verified.
func claims(statement string) (map[string]any, error) {
	parts := strings.Split(statement, ".")
	if len(parts) != 3 {
		return nil, errStatement
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, errStatement
	}
	return decode(payload)
}

// decode reads a JSON object with its numbers as they are written.
func decode(text []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil || object == nil {
		return nil, errors.New("not a JSON object")
	}
	return object, nil
}

// papers are what a TPP takes over from its statement.
func (p Profile) papers(statement map[string]any, redirects []string) (values, error) {
	id, _ := statement[p.Statement.SoftwareID].(string)
	if id == "" {
		return nil, fmt.Errorf("the software statement has no %s", p.Statement.SoftwareID)
	}
	if redirects == nil {
		redirects = texts(statement[p.Statement.RedirectURIs])
	}
	if len(redirects) == 0 {
		return nil, fmt.Errorf("the software statement has no %s", p.Statement.RedirectURIs)
	}
	scopes := []string{"openid"}
	for _, role := range texts(statement[p.Statement.Roles]) {
		if scope := p.RoleScopes[role]; scope != "" {
			scopes = append(scopes, scope)
		}
	}
	return values{
		"software_id":   constant(id),
		"redirect_uris": constant(redirects),
		"redirect_uri":  constant(redirects[0]),
		"scopes":        constant(scopes),
		"scope":         constant(strings.Join(scopes, " ")),
	}, nil
}

// texts are the strings of an array.
func texts(value any) []string {
	list, _ := value.([]any)
	var all []string
	for _, item := range list {
		if text, ok := item.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

// forge makes of a statement what its directory has not signed.
func (k keys) forge(statement, how string) (string, error) {
	if how == "" {
		return statement, nil
	}
	if spoil, is := spoils[how]; is {
		return spoil(statement), nil
	}
	payload, err := claims(statement)
	if err != nil {
		return "", err
	}
	token := jws{header: k.header(Signing{}), claims: payload}
	if how == "unsigned" {
		token.sign = Signing{Algorithm: "none"}
		token.header = k.header(token.sign)
	}
	return k.compact(token)
}
