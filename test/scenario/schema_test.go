package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// schema is what OBIE's OpenAPI documents use of JSON Schema.
type schema struct {
	Ref        string             `yaml:"$ref"`
	Type       string             `yaml:"type"`
	Required   []string           `yaml:"required"`
	Properties map[string]*schema `yaml:"properties"`
	Items      *schema            `yaml:"items"`
	Enum       []string           `yaml:"enum"`
	Pattern    string             `yaml:"pattern"`
	MinLength  int                `yaml:"minLength"`
	MaxLength  int                `yaml:"maxLength"`
	MinItems   int                `yaml:"minItems"`
}

// registered is what the conformance tool's own validator asks of a registration that is answered.
var registered = &schema{
	Type: "object",
	Required: []string{
		"client_id", "redirect_uris", "token_endpoint_auth_method", "grant_types", "scope", "software_statement", "application_type",
		"id_token_signed_response_alg", "request_object_signing_alg",
	},
	Properties: map[string]*schema{
		"client_id":                       {Type: "string", MinLength: 1, MaxLength: 36, Pattern: "^[0-9A-Za-z_-]+$"},
		"client_id_issued_at":             {Type: "integer"},
		"redirect_uris":                   {Type: "array", MinItems: 1, Items: &schema{Type: "string", MaxLength: 256, Pattern: "^https://[^#]+$"}},
		"token_endpoint_auth_method":      {Type: "string", Enum: []string{"private_key_jwt", "tls_client_auth"}},
		"grant_types":                     {Type: "array", MinItems: 1, Items: &schema{Type: "string", Enum: []string{"client_credentials", "authorization_code"}}},
		"response_types":                  {Type: "array", Items: &schema{Type: "string", Enum: []string{"code", "code id_token"}}},
		"scope":                           {Type: "string", MinLength: 1, MaxLength: 256},
		"software_id":                     {Type: "string", Pattern: "^[0-9a-zA-Z]{1,22}$"},
		"software_statement":              {Type: "string", MinLength: 1},
		"application_type":                {Type: "string", Enum: []string{"web", "mobile"}},
		"id_token_signed_response_alg":    {Type: "string", Enum: []string{"PS256", "ES256"}},
		"request_object_signing_alg":      {Type: "string", Enum: []string{"PS256", "ES256"}},
		"token_endpoint_auth_signing_alg": {Type: "string", Enum: []string{"PS256", "ES256"}},
	},
}

// checkSchema validates an answered registration by the table above, and by OBIE's own document where it is at hand.
func checkSchema(t *testing.T, profile string, document map[string]any) {
	t.Helper()
	for _, problem := range registered.problems("", document, nil) {
		t.Error(problem)
	}
	for _, name := range []string{"iss", "iat", "exp", "aud", "jti", "client_secret"} {
		if _, has := document[name]; has {
			t.Errorf("%s is of the request, or not issued, and is answered", name)
		}
	}
	checkOpenAPI(t, profile, document)
}

// checkOpenAPI validates an answered registration by OBIE's own document, where it is at hand.
func checkOpenAPI(t *testing.T, profile string, document map[string]any) {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "specs", "dcr-openapi-v"+strings.TrimPrefix(profile, "obie-")+".yaml")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var api struct {
		Components struct {
			Schemas map[string]*schema `yaml:"schemas"`
		} `yaml:"components"`
	}
	// Go's regular expressions do not look ahead; the length is said beside the pattern too.
	text = []byte(strings.ReplaceAll(string(text), "(?=.{1,512}$)", ""))
	if err := errors.Join(err, yaml.Unmarshal(text, &api)); err != nil || api.Components.Schemas["OBRegistrationProperties1"] == nil {
		t.Fatalf("OBIE's document: %v", err)
	}
	for _, problem := range api.Components.Schemas["OBRegistrationProperties1"].problems("", document, api.Components.Schemas) {
		t.Errorf("by OBIE's document: %s", problem)
	}
}

// problems says what of a value is not as the schema has it.
func (s *schema) problems(at string, value any, known map[string]*schema) []string {
	if s.Ref != "" {
		return known[s.Ref[strings.LastIndex(s.Ref, "/")+1:]].problems(at, value, known)
	}
	wrong := func(must string) []string { return []string{fmt.Sprintf("%s: %v must be %s", at, value, must)} }
	switch value := value.(type) {
	case map[string]any:
		return s.objectProblems(at, value, known)
	case []any:
		if s.Type != "array" || len(value) < s.MinItems {
			return wrong(fmt.Sprintf("%s of %d items or more", s.Type, s.MinItems))
		}
		var all []string
		for i, item := range value {
			all = append(all, s.Items.problems(fmt.Sprintf("%s/%d", at, i), item, known)...)
		}
		return all
	case json.Number:
		if _, err := value.Int64(); err != nil || s.Type != "integer" {
			return wrong(s.Type)
		}
	case string:
		length := utf8.RuneCountInString(value)
		if s.Type != "string" || length < s.MinLength || s.MaxLength > 0 && length > s.MaxLength ||
			len(s.Enum) > 0 && !slices.Contains(s.Enum, value) || s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(value) {
			return wrong(fmt.Sprintf("%s %v %s", s.Type, s.Enum, s.Pattern))
		}
	case bool:
		if s.Type != "boolean" {
			return wrong(s.Type)
		}
	default: // null
		return wrong(s.Type)
	}
	return nil
}

func (s *schema) objectProblems(at string, value map[string]any, known map[string]*schema) []string {
	if s.Type != "object" {
		return []string{fmt.Sprintf("%s is an object, must be %s", at, s.Type)}
	}
	var all []string
	for _, name := range s.Required {
		if _, has := value[name]; !has {
			all = append(all, fmt.Sprintf("%s/%s is missing", at, name))
		}
	}
	for name, property := range s.Properties {
		if member, has := value[name]; has {
			all = append(all, property.problems(at+"/"+name, member, known)...)
		}
	}
	return all
}
