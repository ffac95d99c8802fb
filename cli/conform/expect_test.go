package conform

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

func TestJudge(t *testing.T) {
	const document = `{"client_id":"a","client_id_issued_at":1.5,"grant_types":["code","refresh"],"scope":"openid accounts",
		"contacts":[{"name":null}],"org_id":"o","software_statement":"s","n":7}`
	statement := map[string]any{"iss": "d", "org_id": "o", "org_name": "p", "scope": "x", "software_id": "q", "software_redirect_uris": []any{"u"}}
	sent := map[string]any{"software_statement": "s", "grant_types": []string{"code"}, "software_id": "q"}
	challenge := http.Header{"Www-Authenticate": {"Basic", `Bearer realm="a"`}}
	for _, test := range []struct {
		name   string
		status int
		header http.Header
		body   string
		expect Expect
		want   []string
	}{
		{"nothing expected", 200, nil, "", Expect{}, nil},
		{"nothing expected of a refusal", 404, nil, `{"error":"not_found"}`, Expect{}, []string{"expected a status of 2xx, received 404 not_found"}},
		{"the status", 201, nil, "", Expect{Status: []int{200, 201}}, nil},
		{"another status", 500, nil, "<html>", Expect{Status: []int{400, 401}}, []string{"expected status 400 or 401, received 500 with a body that is not a JSON object"}},
		{"an answer without TLS", 200, nil, "", Expect{Status: []int{401}, Refused: true}, []string{"expected status 401 or no TLS connection, received 200"}},
		{"the error", 400, nil, `{"error":"invalid_scope"}`, Expect{Status: []int{400}, Error: []string{"invalid_client", "invalid_scope"}}, nil},
		{"another error", 400, nil, `{"error":"invalid_grant"}`, Expect{Status: []int{400}, Error: []string{"invalid_scope"}}, []string{"expected error invalid_scope, received 400 invalid_grant"}},
		{"an invalid error code", 400, nil, `{"error":"<b>"}`, Expect{Status: []int{400}, Error: []string{"invalid_scope"}}, []string{"expected error invalid_scope, received 400 without an error code"}},
		{"members are not looked for in a refusal", 400, nil, `{"error":"a"}`, Expect{Status: []int{200, 400}, Members: map[string]Member{"b": {}}}, nil},
		{"the header", 401, challenge, "", Expect{Status: []int{401}, Headers: map[string]string{"WWW-Authenticate": "^Bearer .+"}}, nil},
		{"another header", 401, challenge, "", Expect{Status: []int{401}, Headers: map[string]string{"WWW-Authenticate": "^Digest"}}, []string{"expected header WWW-Authenticate to match ^Digest, received Basic"}},
		{"no header", 401, nil, "", Expect{Status: []int{401}, Headers: map[string]string{"Allow": "GET"}}, []string{"expected header Allow, and it is missing"}},
		{"a header that was sent", 200, http.Header{"X-Fapi-Interaction-Id": {"i.d"}}, "", Expect{Headers: map[string]string{"x-fapi-interaction-id": "^${interaction_id}$"}}, nil},
		{"no body", 204, nil, "", Expect{Body: "empty"}, nil},
		{"a body", 204, nil, "{}", Expect{Body: "empty"}, []string{"expected no body, received 2 bytes"}},
		{"no JSON", 200, nil, "<html>", Expect{Body: "json"}, []string{"expected a JSON object, received another body"}},
		{"a member twice", 200, nil, `{"a":1,"a":2}`, Expect{Body: "json"}, []string{"with unique members"}},
		{"members", 200, nil, document, Expect{Members: map[string]Member{
			"client_id": {Type: "string", Pattern: "^a$", Equals: "${client_id}"}, "client_id_issued_at": {Type: "number"}, "n": {Type: "number", Equals: uint64(7)},
			"grant_types": {Type: "array", Lacks: []string{"password"}}, "scope": {Lacks: []string{"payments"}},
			"software_statement": {Sent: true}, "org_id": {Statement: true}, "nothing": {Optional: true},
		}}, nil},
		{"no member", 200, nil, document, Expect{Members: map[string]Member{"z": {}}}, []string{"expected member /z, and it is missing"}},
		{"another type", 200, nil, document, Expect{Members: map[string]Member{"client_id_issued_at": {Type: "integer"}}}, []string{"expected /client_id_issued_at to be of type integer, received type number"}},
		{"another pattern", 200, nil, document, Expect{Members: map[string]Member{"client_id": {Pattern: "^b"}}}, []string{"expected /client_id to match ^b, and it does not"}},
		{"another value", 200, nil, document, Expect{Members: map[string]Member{"scope": {Equals: "openid"}}}, []string{"expected /scope to be openid, and it is not"}},
		{"the value that it must not have", 200, nil, document, Expect{Members: map[string]Member{"org_id": {Not: "o"}}}, []string{"expected /org_id to be anything but o, and it is that"}},
		{"not what was sent", 200, nil, document, Expect{Members: map[string]Member{"grant_types": {Sent: true}}}, []string{"expected /grant_types to be the value that was sent"}},
		{"not the statement's", 200, nil, document, Expect{Members: map[string]Member{"scope": {Statement: true}}}, []string{"expected /scope to be that of the software statement"}},
		{"an item too many", 200, nil, document, Expect{Members: map[string]Member{"grant_types": {Lacks: []string{"refresh"}}}}, []string{"expected /grant_types not to contain refresh"}},
		{"a word too many", 200, nil, document, Expect{Members: map[string]Member{"scope": {Lacks: []string{"accounts"}}}}, []string{"expected /scope not to contain accounts"}},
		{"a member too many", 200, nil, document, Expect{NoMembers: []string{"n"}}, []string{"expected no member /n, and it is present"}},
		{"a null", 200, nil, document, Expect{NoNulls: true}, []string{"expected no null, and /contacts/0/name is null"}},
		{"a claim that is not flattened", 200, nil, document, Expect{Flattened: true}, []string{
			"expected the statement's claim org_name as member /org_name, and it is missing",
			"expected the statement's claim software_redirect_uris as member /software_redirect_uris, and it is missing",
		}},
		{"the same", 200, nil, `{"b":[1,{"c":"d"}]}`, Expect{Same: "register"}, nil},
		{"not the same", 200, nil, `{"b":[1],"e":1}`, Expect{Same: "register"}, []string{"expected /b to be what register answered", "expected no /e, which register did not answer"}},
		{"the same as nothing", 200, nil, `{}`, Expect{Same: "update"}, []string{"there is no answer to update"}},
		{"bound", 200, nil, `{"access_token":"e30.` + dcrclient.Encode([]byte(`{"cnf":{"x5t#S256":"`+dcrclient.Encode(make([]byte, sha256.Size))+`"}}`)) + `.c2ln"}`, Expect{Bound: true}, nil},
		{"not bound", 200, nil, `{"access_token":"e30.` + dcrclient.Encode([]byte(`{"cnf":{}}`)) + `.c2ln"}`, Expect{Bound: true}, []string{"expected the access token's cnf"}},
		{"bound as far as one can see", 200, nil, `{"access_token":"opaque"}`, Expect{Bound: true}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := &exchange{request: &request{claims: sent, statement: statement, interaction: "i.d"}, answer: &dcrclient.Answer{Status: test.status, Header: test.header, Body: []byte(test.body)}}
			if object, err := dcrclient.Object(x.answer.Body); err == nil {
				x.json = object
			}
			c := &course{run: &run{values: dcrclient.Values{}}, clients: []*registered{{id: "a"}}, last: map[string]*exchange{
				"register": {json: map[string]any{"b": []any{1, map[string]any{"c": "d"}}}},
			}}
			got := c.judge(Step{Expect: test.expect}, x, nil)
			if len(got) != len(test.want) {
				t.Fatalf("got %q, want %q", got, test.want)
			}
			for i, want := range test.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("got %q, want %q", got[i], want)
				}
			}
		})
	}
}

func TestJudgeWithoutAnswer(t *testing.T) {
	c := &course{run: &run{}}
	if got := c.judge(Step{Expect: Expect{Refused: true}}, nil, errors.New("tls: bad certificate")); got != nil {
		t.Errorf("a refused connection that is expected: %q", got)
	}
	want := []string{"no response: tls: bad certificate"}
	if got := c.judge(Step{}, nil, errors.New("tls: bad certificate")); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What a bank says is shown without tokens, and without what a terminal would obey.
func TestHide(t *testing.T) {
	r := &run{secrets: []string{"opaque-token"}}
	text := "opaque-token and eyJhbGciOiJQUzI1NiJ9.eyJpc3MiOiJhIiwiYiI6MX0.c2ln\x1b[31m\n" + strings.Repeat("x", 2*maxShown)
	got := shown(r.hide(text))
	if strings.Contains(got, "opaque-token") || strings.Contains(got, "eyJ") || strings.ContainsAny(got, "\x1b\n") || len(got) > maxShown+3 {
		t.Errorf("got %q", got)
	}
}
