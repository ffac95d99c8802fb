package scenario

import (
	"net/http"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// productionYAML is the directory of the same issuer that is for everything but the sandbox.
const productionYAML = `extends: openbanking-uk
name: production
jwks: %s
tls_ca: [abroad-tls.pem]
key_hosts: ["%s"]
private_addresses: [127.0.0.1/32]
certificates: [{profile: ob_legacy, ca: [abroad-ca.pem]}]
`

// Production and sandbox of one issuer in one gateway: the statement's environment says whose keys and CAs count, and
// nothing of one is anything to the other.
func TestProductionBesideTheSandbox(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), newAbroad(t)
	a.trustAs(t, w, productionYAML, "")
	production, member := a.adopt(t, w)
	sandbox := enrol(t, w, harness.Order{})
	in := func(environment any) string {
		changes := directory.Changes{Claims: map[string]any{"software_environment": environment}}
		if environment == nil {
			changes = directory.Changes{Omit: []string{"software_environment"}}
		}
		signed, err := a.Statement(member.SoftwareID, changes)
		if err != nil {
			t.Fatal(err)
		}
		harness.Remember(signed)
		return signed
	}
	home := func(environment string) string {
		return sandbox.statement(t, harness.Changes{Claims: map[string]any{"software_environment": environment}})
	}
	for _, c := range []struct {
		name, statement string
		by, connection  *tpp
		want            want
	}{
		{"production's keys for the sandbox", in("sandbox"), production, production, unfit("statement.signature")},
		{"the sandbox's keys for production", home("production"), sandbox, sandbox, unfit("statement.signature")},
		{"the sandbox's keys for nothing", sandbox.statement(t, harness.Changes{Omit: []string{"software_environment"}}), sandbox, sandbox, unfit("statement.signature")},
		{"production over the sandbox's certificate", in("production"), production, sandbox, unfit("statement.certificate")},
		{"the sandbox over production's certificate", home("sandbox"), sandbox, production, unfit("statement.certificate")},
		{"an environment that is no text", in([]int{1}), production, production, unapproved("statement.environment")},
	} {
		request := c.by.Request()
		request.Claims["software_statement"] = c.statement
		answer := c.by.do(t, call{method: "POST", url: w.File.Registration, contentType: "application/jose", body: request.Compact(), certificate: &c.connection.Transport})
		if have := answer.Refusal(); answer.Status != c.want.status || have.Rule() != c.want.rule {
			t.Errorf("%s: got %s, want %s", c.name, answer, c.want.rule)
		}
	}
	for _, statement := range []string{in("production"), in(nil)} { // what says nothing is production's
		production.StatementText = statement
		c := production.register(t, nil)
		token := c.token(t)
		if answer := c.accounts(t, token); answer.Status != http.StatusOK {
			t.Errorf("production's client: %s", answer)
		}
		if gone := c.do(t, call{method: "DELETE", url: c.url, header: bearer(token)}); gone.Status != http.StatusNoContent {
			t.Error(gone)
		}
	}
	sandbox.register(t, nil)
}
