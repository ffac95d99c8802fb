package profile_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
)

// property is what OBIE's OpenAPI document says of a member.
type property struct {
	Ref       string    `yaml:"$ref"`
	Type      string    `yaml:"type"`
	Enum      []string  `yaml:"enum"`
	Pattern   string    `yaml:"pattern"`
	MinLength int       `yaml:"minLength"`
	MaxLength int       `yaml:"maxLength"`
	MinItems  int       `yaml:"minItems"`
	Items     *property `yaml:"items"`
}

var algorithm = property{Type: "string", Enum: []string{"RS256", "PS256", "ES256"}}

// document is what OBIE's document of 3.2 says.
var document = map[string]property{
	"iss":                      {Type: "string", Pattern: "^[0-9a-zA-Z]{1,22}$", MinLength: 1, MaxLength: 22},
	"iat":                      {Type: "integer"},
	"exp":                      {Type: "integer"},
	"aud":                      {Type: "string", Pattern: "^[0-9a-zA-Z]{1,18}$", MinLength: 1, MaxLength: 18},
	"jti":                      {Type: "string", Pattern: "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$", MinLength: 36, MaxLength: 36},
	"client_id":                {Type: "string", MinLength: 1, MaxLength: 36},
	"client_secret":            {Type: "string", MinLength: 1, MaxLength: 36},
	"client_id_issued_at":      {Type: "integer"},
	"client_secret_expires_at": {Type: "integer"},
	"redirect_uris":            {Type: "array", Items: &property{Type: "string", MinLength: 1, MaxLength: 256}},
	"token_endpoint_auth_method": {Type: "string", Enum: []string{
		"private_key_jwt", "client_secret_jwt", "client_secret_basic", "client_secret_post", "tls_client_auth"}},
	"grant_types": {Type: "array", MinItems: 1, Items: &property{Type: "string", Enum: []string{
		"client_credentials", "authorization_code", "refresh_token"}}},
	"response_types":                  {Type: "array", Items: &property{Type: "string", Enum: []string{"code", "code id_token"}}},
	"software_id":                     {Type: "string", Pattern: "^[0-9a-zA-Z]{1,22}$", MinLength: 1, MaxLength: 22},
	"scope":                           {Type: "string", MinLength: 1, MaxLength: 256},
	"software_statement":              {Type: "string"},
	"application_type":                {Type: "string", Enum: []string{"web", "mobile"}},
	"id_token_signed_response_alg":    algorithm,
	"request_object_signing_alg":      algorithm,
	"token_endpoint_auth_signing_alg": algorithm,
	"tls_client_auth_subject_dn":      {Type: "string", MinLength: 1, MaxLength: 128},
}

// addedBy33 is what 3.3 adds; its grant_types replace 3.2's.
var addedBy33 = map[string]property{
	"grant_types": {Type: "array", MinItems: 1, Items: &property{Type: "string", Enum: []string{
		"client_credentials", "authorization_code", "refresh_token", "urn:openid:params:grant-type:ciba"}}},
	"backchannel_token_delivery_mode":                {Type: "string", Enum: []string{"poll", "ping", "push"}},
	"backchannel_client_notification_endpoint":       {Type: "string", MinLength: 1, MaxLength: 256},
	"backchannel_authentication_request_signing_alg": algorithm,
	"backchannel_user_code_parameter_supported":      {Type: "boolean"},
}

// changedBy34 is what 3.4 says otherwise.
var changedBy34 = map[string]property{
	"grant_types": {Type: "array", MinItems: 1, Items: &property{Type: "string", Enum: []string{
		"client_credentials", "authorization_code", "refresh_token", "urn:openid:params:grant-type:ciba", "urn:ietf:params:oauth:grant-type:jwt-bearer"}}},
	"application_type":           {Type: "string", Enum: []string{"web", "native"}},
	"tls_client_auth_subject_dn": {Type: "string", MinLength: 1, MaxLength: 512, Pattern: `^(?=.{1,512}$)[Cc][Nn]=[^,]+(?:,[^,\s]+=[^,]+)*$`},
}

// changed31 is what 3.1 says otherwise. Its document has one more name for the DN: renamed31.
var changed31 = map[string]property{
	"iss":                        {Type: "string", Pattern: "^[0-9a-zA-Z]{1,18}$", MinLength: 1, MaxLength: 18},
	"software_id":                {Type: "string", Pattern: "^[0-9a-zA-Z]{1,18}$", MinLength: 1, MaxLength: 18},
	"scope":                      {Type: "array", Items: &property{Type: "string", MinLength: 1, MaxLength: 32}},
	"token_endpoint_auth_method": {Type: "string", Enum: []string{"private_key_jwt", "tls_client_auth"}},
	"tls_client_auth_dn":         {Type: "string", MinLength: 1, MaxLength: 128},
}

const renamed31 = "tls_client_auth_subject_dn"

var (
	requiredClaims   = []string{"iss", "iat", "exp", "aud", "jti"}
	requiredMetadata = []string{
		"redirect_uris", "token_endpoint_auth_method", "grant_types", "scope", "software_statement", "application_type",
		"id_token_signed_response_alg", "request_object_signing_alg",
	}
)

func documentOf(name string) map[string]property {
	properties := maps.Clone(document)
	if name == "obie-3.1" {
		maps.Copy(properties, changed31)
		delete(properties, renamed31)
	}
	if name >= "obie-3.3" {
		maps.Copy(properties, addedBy33)
	}
	if name >= "obie-3.4" {
		maps.Copy(properties, changedBy34)
	}
	return properties
}

// requiredIn is the metadata that a version requires.
func requiredIn(name string) []string {
	if name != "obie-3.1" {
		return requiredMetadata
	}
	without := slices.DeleteFunc(slices.Clone(requiredMetadata), func(member string) bool { return member == "scope" })
	return append(without, "token_endpoint_auth_signing_alg")
}

// What the profiles say otherwise than the document, on purpose: each is a reading explained in the file.
var (
	narrowed = []string{ // to what FAPI allows
		"token_endpoint_auth_method", "id_token_signed_response_alg", "request_object_signing_alg", "token_endpoint_auth_signing_alg",
		"backchannel_token_delivery_mode", "backchannel_authentication_request_signing_alg", "backchannel_user_code_parameter_supported",
	}
	widened  = []string{"aud", "jti"} // and the form of a DN, but not its length
	optional = []string{"redirect_uris"}
)

// versions are the profiles that are OBIE's.
func versions() []string {
	return slices.DeleteFunc(profile.Names(), func(name string) bool { return !strings.HasPrefix(name, "obie-") })
}

func TestShippedProfilesAreTheDocuments(t *testing.T) {
	for _, name := range versions() {
		loaded, err := profile.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		properties := documentOf(name)
		for member := range loaded.Members {
			if _, has := properties[member]; !has {
				t.Errorf("%s: %s is not in the document", name, member)
			}
		}
		for member, property := range properties {
			got := loaded.Members[member]
			if got == nil {
				t.Errorf("%s: %s is missing", name, member)
				continue
			}
			compare(t, name, member, got, property)
		}
	}
}

func compare(t *testing.T, version, name string, got *dcr.Member, want property) {
	t.Helper()
	at := version + " " + name
	types := map[string]string{"array": dcr.TypeStrings, "string": dcr.TypeString, "integer": dcr.TypeInteger, "boolean": dcr.TypeBoolean}
	if got.Type != types[want.Type] && (name != "aud" || got.Type != dcr.TypeAudience) {
		t.Errorf("%s: type %s, want %s", at, got.Type, want.Type)
	}
	required := slices.Contains(slices.Concat(requiredClaims, requiredIn(version), []string{"client_id"}), name)
	if got.Required != (required && !slices.Contains(optional, name)) {
		t.Errorf("%s: required is %v", at, got.Required)
	}
	if isRequest := slices.Contains(requiredClaims, name); isRequest != (got.In == dcr.InRequest) {
		t.Errorf("%s: in is %s", at, got.In)
	}
	value := want
	if want.Items != nil {
		value = *want.Items
		if got.MinItems != want.MinItems && name != "redirect_uris" {
			t.Errorf("%s: min_items %d, want %d", at, got.MinItems, want.MinItems)
		}
	}
	if slices.Contains(widened, name) {
		return
	}
	if version == "obie-3.1" && (name == "iss" || name == "software_id") {
		value = document[name] // the directory's ids have become longer
	}
	if name == "tls_client_auth_subject_dn" && value.Pattern != "" {
		value.Pattern = got.Pattern // TestDN34 has what it says
	}
	if got.MaxLength != value.MaxLength || got.Pattern != value.Pattern {
		t.Errorf("%s: %d %s, want %d %s", at, got.MaxLength, got.Pattern, value.MaxLength, value.Pattern)
	}
	if !slices.Contains(narrowed, name) && !slices.Equal(got.Values, value.Enum) {
		t.Errorf("%s: values %q, want %q", at, got.Values, value.Enum)
	}
	for _, one := range got.Values {
		if len(value.Enum) > 0 && !slices.Contains(value.Enum, one) {
			t.Errorf("%s: the document has no value %s", at, one)
		}
	}
}

// The table above is what OBIE's documents say, where they are at hand.
func TestTableIsTheDocuments(t *testing.T) {
	for _, version := range []string{"3.2", "3.3", "3.4"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "specs", "dcr-openapi-v"+version+".yaml"))
		if errors.Is(err, fs.ErrNotExist) {
			t.Skip("OBIE's OpenAPI documents are not at hand")
		} else if err != nil {
			t.Fatal(err)
		}
		type schema struct {
			Required   []string            `yaml:"required"`
			Properties map[string]property `yaml:"properties"`
		}
		var spec struct {
			Components struct {
				Schemas struct {
					Algorithms property `yaml:"SupportedAlgorithms"`
					Metadata   schema   `yaml:"OBRegistrationProperties1"`
					Request    struct {
						AllOf []schema `yaml:"allOf"`
					} `yaml:"OBClientRegistration1"`
				} `yaml:"schemas"`
			} `yaml:"components"`
		}
		if err := yaml.Unmarshal(text, &spec); err != nil {
			t.Fatal(err)
		}
		schemas := spec.Components.Schemas
		got := maps.Clone(schemas.Metadata.Properties)
		maps.Copy(got, schemas.Request.AllOf[0].Properties)
		for name, property := range got {
			property.Pattern = strings.TrimSpace(property.Pattern)
			if got[name] = property; property.Ref != "" {
				got[name] = schemas.Algorithms
			}
		}
		if want := documentOf("obie-" + version); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the table is not the document's:\n%v\n%v", version, got, want)
		}
		if !slices.Equal(schemas.Metadata.Required, requiredMetadata) || !slices.Equal(schemas.Request.AllOf[0].Required, requiredClaims) {
			t.Errorf("%s: the document requires %q and %q", version, schemas.Metadata.Required, schemas.Request.AllOf[0].Required)
		}
	}
}
