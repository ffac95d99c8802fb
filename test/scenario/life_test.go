package scenario

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// version is a profile as a TPP that follows it knows it.
type version struct {
	name       string
	dictionary map[string]*dcr.Member
}

func versionOf(t *testing.T, name string) *version {
	t.Helper()
	loaded, err := profile.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return &version{name, loaded.Members}
}

// A client's whole life in every version that is shipped, side by side in one world.
func TestLives(t *testing.T) {
	for _, name := range profile.Names() {
		for _, method := range versionOf(t, name).dictionary["token_endpoint_auth_method"].Values {
			t.Run(name+" "+method, func(t *testing.T) {
				t.Parallel()
				life(t, versionOf(t, name), method)
			})
		}
	}
}

func life(t *testing.T, v *version, method string) {
	p := enrol(t, gateway, harness.Order{Profile: v.name})
	c := p.register(t, func(request *harness.JWT) { v.ask(request, p, method, "accounts openid") })
	v.check(t, c.document)
	v.checkForms(t, c.document, method, "accounts openid")

	form := c.form(nil)
	if method == "tls_client_auth" {
		form = url.Values{"grant_type": {"client_credentials"}, "client_id": {c.id}}
	}
	token := c.tokenOf(t, form)
	if answer := c.accounts(t, token); answer.Status != http.StatusOK {
		t.Errorf("the bank: %s", answer)
	}
	if read := c.read(t, token); read.Status != http.StatusOK || fmt.Sprint(read.JSON(t)) != fmt.Sprint(c.document) {
		t.Errorf("GET answers %s, want what POST has", read)
	}

	if err := c.Restate(t.Context()); err != nil {
		t.Fatal(err)
	}
	request := c.Request()
	v.ask(request, p, method, "openid payments")
	updated := c.put(t, token, request)
	if updated.Status != http.StatusOK {
		t.Fatal(updated)
	}
	v.check(t, updated.JSON(t))
	v.checkForms(t, updated.JSON(t), method, "openid payments")
	if read := c.read(t, token); fmt.Sprint(read.JSON(t)) != fmt.Sprint(updated.JSON(t)) {
		t.Errorf("GET answers %s, want what PUT has", read)
	}

	gone := c.do(t, call{method: "DELETE", url: c.url, header: bearer(token)})
	if gone.Status != http.StatusNoContent || len(gone.Body) > 0 {
		t.Errorf("DELETE: %s with %d bytes, want 204 with none", gone, len(gone.Body))
	}
	badToken("bearer.token").check(t, c.read(t, token))
	if method == "private_key_jwt" { // with a jti of its own
		form = c.form(nil)
	}
	badClient("clientauth.client").check(t, c.ask(t, c.World.File.Token, form))
}

// ask makes a request be one of the version: the harness makes those of 3.2 and 3.3. The application type is the last of
// those that the version has: the versions do not agree on it, nor 3.1 with the others on the scope and the DN's name.
func (v *version) ask(request *harness.JWT, p *tpp, method, scope string) {
	types := v.dictionary["application_type"].Values
	request.Claims["application_type"] = types[len(types)-1]
	if v.asksScope() {
		request.Claims["scope"] = v.scope(scope)
	}
	request.Claims["token_endpoint_auth_method"] = method
	if method == "tls_client_auth" {
		request.Claims[v.dn()] = fmt.Sprintf("CN=%s,OU=%s,O=OpenBanking,C=GB", p.SoftwareID, p.OrgID)
	}
}

// scope is a scope as the version writes it.
func (v *version) scope(scope string) any {
	if v.name == "obie-3.1" {
		return strings.Fields(scope)
	}
	return scope
}

// asksScope says whether it is the request that says the scope, and not the software statement.
func (v *version) asksScope() bool { return v.dictionary["scope"].In != dcr.InResponse }

// dn is what the version calls the DN of a client's certificate.
func (v *version) dn() string {
	if v.name == "obie-3.1" {
		return "tls_client_auth_dn"
	}
	return "tls_client_auth_subject_dn"
}

// checkForms compares what the versions do not agree on.
func (v *version) checkForms(t *testing.T, document map[string]any, method, scope string) {
	t.Helper()
	if got, want := encoded(t, document["scope"]), encoded(t, v.scope(scope)); got != want && v.asksScope() {
		t.Errorf("scope is %s, want %s", got, want)
	}
	for _, name := range []string{"tls_client_auth_dn", "tls_client_auth_subject_dn"} {
		if _, has := document[name]; has != (name == v.dn() && method == "tls_client_auth") {
			t.Errorf("with %s, %s is answered: %v", method, name, has)
		}
	}
}

func encoded(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// check compares an answered registration with the version's dictionary, and with OBIE's document where it is at hand.
func (v *version) check(t *testing.T, document map[string]any) {
	t.Helper()
	answered := &schema{Type: "object", Properties: map[string]*schema{}}
	for name, member := range v.dictionary {
		if _, has := document[name]; has && member.In == dcr.InRequest {
			t.Errorf("%s is of the request, and is answered", name)
		}
		if member.In == dcr.InRequest {
			continue
		}
		if answered.Properties[name] = asSchema(member); member.Required {
			answered.Required = append(answered.Required, name)
		}
	}
	for _, problem := range answered.problems("", document, nil) {
		t.Error(problem)
	}
	checkOpenAPI(t, v.name, document)
}

// asSchema is a line of the dictionary as JSON Schema.
func asSchema(m *dcr.Member) *schema {
	one := &schema{Type: m.Type, MaxLength: m.MaxLength, Pattern: m.Pattern, Enum: m.Values}
	switch m.Type {
	case dcr.TypeStrings:
		one.Type = "string"
		return &schema{Type: "array", MinItems: m.MinItems, Items: one}
	case dcr.TypeBoolean:
		one.Enum = nil
	}
	return one
}
