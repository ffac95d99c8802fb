package desk

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
)

// compile compiles a part of a document as a JSON Schema.
func compile(t *testing.T, document any, part string) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	ok(t, compiler.AddResource("urn:document", document))
	schema, err := compiler.Compile("urn:document" + part)
	ok(t, err)
	return schema
}

func decoded(t *testing.T, text []byte) any {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	ok(t, err)
	return value
}

// TestOpenAPI: the document of each profile is an OpenAPI 3.1 document, by the schema of the OpenAPI Initiative.
func TestOpenAPI(t *testing.T) {
	text, err := os.ReadFile("testdata/openapi-3.1.json")
	ok(t, err)
	official := compile(t, decoded(t, text), "")
	if official.Validate(decoded(t, []byte(`{"openapi":"3.1.0","info":{"title":"x","version":"1"},"paths":{"/x":{"post":{"responses":7}}}}`))) == nil {
		t.Fatal("the schema takes anything")
	}
	for _, name := range profile.Names() {
		stdout, stderr, code := run(t, "openapi", "--profile", name, "--url", "https://bank.example/dcr/register/")
		if code != 0 {
			t.Fatalf("%s: %s", name, stderr)
		}
		document := decoded(t, []byte(stdout))
		if err := official.Validate(document); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		p, err := profile.Load(name)
		ok(t, err)
		paths := document.(map[string]any)["paths"].(map[string]any)
		register := "/dcr/register"
		if p.TrailingSlash {
			register += "/"
		}
		if paths[register] == nil || paths["/dcr/register/{ClientId}"] == nil || len(paths) != 2 {
			t.Errorf("%s: paths %v", name, paths)
		}
		compile(t, document, "#/components/schemas/Client")
	}
	if _, stderr, code := run(t, "openapi", "--profile", "nobody"); code != 2 {
		t.Errorf("code %d: %s", code, stderr)
	}
}

// TestOpenAPISaysWhatTheGateSays: of a good request and of one with each member changed.
func TestOpenAPISaysWhatTheGateSays(t *testing.T) {
	w := newWorld(t)
	stdout, _, _ := run(t, "openapi")
	request := compile(t, decoded(t, []byte(stdout)), "#/components/schemas/Request")
	valid := func(claims map[string]any) error {
		text, err := json.Marshal(claims)
		ok(t, err)
		return request.Validate(decoded(t, text))
	}
	w.claims() // adds the statement
	if err := valid(w.request); err != nil {
		t.Errorf("a good request: %v", err)
	}
	for name, wrong := range map[string]any{
		"grant_types": []string{"password"}, "redirect_uris": "https://a.example", "iat": "now", "software_id": "a b", "application_type": "desktop",
		"aud": []string{"a", "b"}, "jti": "", "scope": []string{"openid"},
	} {
		claims := maps.Clone(w.request)
		claims[name] = wrong
		if valid(claims) == nil {
			t.Errorf("%s may be %v", name, wrong)
		}
	}
}
