package scenario

import (
	"net/http"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// recipient is a software product of Australia's register, in the shared world.
func recipient(t *testing.T) *tpp {
	t.Helper()
	return enrol(t, gateway, harness.Order{Profile: "cdr-au"})
}

// A software of the register gets what its statement says, and a statement is good for one registration.
func TestRecipientsRegister(t *testing.T) {
	t.Parallel()
	p := recipient(t)
	c := p.register(t, nil)
	ssa, err := p.SSA()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.document["scope"], ssa.Claims["scope"]; len(strings.Fields(got.(string))) != len(strings.Fields(want.(string))) {
		t.Errorf("scope is %v, want %v", got, want)
	}
	gone := c.do(t, call{method: "DELETE", url: c.url, header: bearer(c.token(t))})
	if gone.Status != http.StatusNoContent {
		t.Fatal(gone)
	}
	unfit("statement.replay").check(t, p.post(t, p.Request()))
	if err := p.Restate(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.register(t, nil)
}

// A token for the registration is not one for data, nor the other way round.
func TestRecipientsTokens(t *testing.T) {
	t.Parallel()
	c := recipient(t).register(t, nil)
	tokenFor := func(scope string) string { return c.tokenOf(t, c.form(map[string][]string{"scope": {scope}})) }
	manage, read := tokenFor("cdr:registration"), tokenFor(c.API().Scope)
	for name, answer := range map[string]*harness.Answer{
		"the registration's token for data": c.accounts(t, manage), "the data's token for the registration": c.read(t, read),
		"no scope at all": c.read(t, c.tokenOf(t, c.form(map[string][]string{"scope": {absent}}))),
	} {
		if answer.Status != http.StatusForbidden || answer.Refusal().Rule() != "scope.missing" {
			t.Errorf("%s: %s", name, answer)
		}
	}
	if got := c.accounts(t, read); got.Status != http.StatusOK || got.Header.Get("x-v") == "" {
		t.Errorf("data: %s, x-v %q", got, got.Header.Get("x-v"))
	}
	uk := newClient(t)
	if answer := uk.do(t, call{method: "GET", url: c.API().URL, header: bearer(uk.token(t))}); answer.Status != http.StatusForbidden {
		t.Errorf("a client of the UK's at Australia's API: %s", answer)
	}
}

func TestRecipientsRefused(t *testing.T) {
	t.Parallel()
	p, uk := recipient(t), newTPP(t)
	statement := func(changes harness.Changes) string { return p.statement(t, changes) }
	for _, c := range []struct {
		name, statement string
		by              *tpp // whose certificate it is
		want            want
	}{
		{"signed with ES256", statement(harness.Changes{Header: map[string]any{"alg": "ES256"}}), p, unfit("statement.algorithm")},
		{"without an end", statement(harness.Changes{Omit: []string{"exp"}}), p, unfit("statement.missing")},
		{"over", statement(harness.Changes{Claims: map[string]any{"exp": 1}}), p, unfit("statement.times.exp")},
		{"another role", statement(harness.Changes{Claims: map[string]any{"software_roles": "AISP"}}), p, unapproved("statement.roles")},
		{"a certificate of the UK's CA", p.StatementText, uk, unfit("statement.certificate")},
	} {
		request := p.Request()
		request.Claims["software_statement"] = c.statement
		contentType, body := p.Sent(request)
		answer := p.do(t, call{method: "POST", url: p.registration, contentType: contentType, body: body, certificate: &c.by.Transport})
		if have := answer.Refusal(); answer.Status != c.want.status || have.Rule() != c.want.rule {
			t.Errorf("%s: %s, want %s", c.name, answer, c.want.rule)
		}
	}
	p.register(t, nil)
}
