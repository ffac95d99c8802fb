package scenario

import (
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// abroad is the directory of another country: its own issuer, keys and CA, its own names for the claims, its own roles.
type abroad struct {
	*directory.Directory
	host string
	dir  string // with the files that a gateway needs of it
}

const abroadIssuer = "https://directory.abroad.example"

// abroadYAML is all that an administrator writes to trust it.
const abroadYAML = `extends: openbanking-uk
name: abroad
issuer: ` + abroadIssuer + `
jwks: %s
tls_ca: [abroad-tls.pem]
key_hosts: ["%s"]
private_addresses: [127.0.0.1/32]
member_state: ""
claims:
  {software_id: app, org_id: participant, roles: permissions, redirect_uris: callbacks, jwks: keys,
   org_status: "", authority: "", environment: "", revoked_jwks: "", org_jwks: "", org_revoked_jwks: ""}
scopes: {openid: "", accounts: READER}
certificates: [{profile: ob_legacy, ca: [abroad-ca.pem]}]
`

func newAbroad(t *testing.T) *abroad {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	a := &abroad{host: server.Listener.Addr().String(), dir: t.TempDir()}
	var err error
	if a.Directory, err = directory.OBIE().Create(filepath.Join(a.dir, "directory"), "https://"+a.host); err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = a.Handler()
	server.StartTLS()
	t.Cleanup(server.Close)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(filepath.Join(a.dir, "tls.pem"), certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// trust makes the world's gateway trust it: one more YAML file, its CA, and its name in routes.yaml.
func (a *abroad) trust(t *testing.T, w *harness.World) {
	t.Helper()
	a.trustAs(t, w, abroadYAML, `
  - {name: readers, path: /open-banking/v3.1/aisp/accounts/22289/balances, methods: [GET], checks: [certificate, bearer, role], roles: [READER], upstream: bank}
`)
}

// trustAs makes the gateway trust it by a file of one's own, and adds routes.
func (a *abroad) trustAs(t *testing.T, w *harness.World, file, routes string) {
	t.Helper()
	a.write(t, w.Dir, file)
	text, err := w.Routes()
	if err == nil {
		text = strings.Replace(text, "directories: [directory.yaml", "directories: [directory.yaml, abroad.yaml", 1)
		err = w.Install(t.Context(), ofAll(text)+routes)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// ofAll is a routes.yaml whose routes are for the software of every directory, and not for that of the sandbox alone.
func ofAll(text string) string {
	return regexp.MustCompile(`\n    directories: \[sandbox\].*`).ReplaceAllString(text, "")
}

// write puts the directory's file into a folder, with the CAs that it names: first those, as an administrator would.
func (a *abroad) write(t *testing.T, folder, file string) {
	t.Helper()
	for name, from := range map[string]string{"abroad-tls.pem": "tls.pem", "abroad-ca.pem": filepath.Join("directory", directory.IssuingFile)} {
		text, err := os.ReadFile(filepath.Join(a.dir, from))
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "abroad.yaml"), fmt.Appendf(nil, file, a.KeysURL(), a.host), 0o600); err != nil {
		t.Fatal(err)
	}
}

// enrol makes a software product there, whose first statement has that country's claims.
func (a *abroad) enrol(t *testing.T, w *harness.World) (*tpp, *directory.Member) {
	t.Helper()
	p, member := a.adopt(t, w)
	p.StatementText = a.statement(t, member, nil)
	return p, member
}

// adopt makes a software product there, with the statement that the directory signs unasked.
func (a *abroad) adopt(t *testing.T, w *harness.World) (*tpp, *directory.Member) {
	t.Helper()
	member, err := a.Enrol(directory.Order{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(member)
	if err != nil {
		t.Fatal(err)
	}
	software, err := w.Adopt(text)
	if err != nil {
		t.Fatal(err)
	}
	return &tpp{Software: software, protocol: harness.HTTP2, registration: w.File.Registration}, member
}

// statement signs one with that country's claims, some of them changed.
func (a *abroad) statement(t *testing.T, m *directory.Member, change map[string]any) string {
	t.Helper()
	claims := map[string]any{
		"iss": abroadIssuer, "app": m.SoftwareID, "participant": m.OrgID, "permissions": []string{"READER"},
		"callbacks": m.RedirectURIs, "keys": m.JWKS,
	}
	for name, value := range change {
		claims[name] = value
	}
	changes := directory.Changes{Claims: claims, Omit: []string{
		"software_id", "software_client_id", "software_redirect_uris", "software_roles", "software_jwks_endpoint", "software_jwks_revoked_endpoint",
		"org_id", "org_status", "org_jwks_endpoint", "org_jwks_revoked_endpoint", "organisation_competent_authority_claims",
	}}
	signed, err := a.Statement(m.SoftwareID, changes)
	if err != nil {
		t.Fatal(err)
	}
	harness.Remember(signed)
	return signed
}

// A country more is a YAML file more: its TPPs register, and those of the others go on. Neither gets anything by what it
// has of the other.
func TestTwoDirectories(t *testing.T) {
	w, a := newWorld(t), newAbroad(t)
	at := enrol(t, w, harness.Order{})
	home := at.register(t, nil)
	token := home.token(t)
	a.trust(t, w)

	foreign, _ := a.enrol(t, w)
	registered := foreign.register(t, nil)
	if registered.document["scope"] != "accounts openid" {
		t.Errorf("registered is %v", registered.document["scope"])
	}
	granted, readers := registered.token(t), w.MTLS()+"/open-banking/v3.1/aisp/accounts/22289/balances"
	if answer := registered.read(t, granted); answer.Status != http.StatusOK {
		t.Errorf("the client from abroad: %s", answer)
	}
	if answer := registered.do(t, call{method: "GET", url: readers, header: bearer(granted)}); answer.Status != http.StatusOK {
		t.Errorf("what is for that country's role: %s", answer)
	}
	for who, answer := range map[string]*harness.Answer{
		"home's client at what is for readers":  home.do(t, call{method: "GET", url: readers, header: bearer(token)}),
		"the client from abroad at home's APIs": registered.accounts(t, granted),
	} {
		if answer.Status != http.StatusForbidden || answer.Refusal().Rule() != "role.missing" {
			t.Errorf("%s: %s", who, answer)
		}
	}
	if answer := home.accounts(t, token); answer.Status != http.StatusOK {
		t.Errorf("the client from home: %s", answer)
	}
	enrol(t, w, harness.Order{}).register(t, nil)
	crossings(t, w, a)
	brokenDirectory(t, w, home, token)
}

// A file that is put into a folder of directories is active within seconds, and nothing else changes.
func TestADirectoryIsDropped(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), newAbroad(t)
	if err := os.Mkdir(w.Path("directories"), 0o700); err != nil {
		t.Fatal(err)
	}
	installed(t, w, "\ndirectories: [directory.yaml", "\ndirectories: [directories/, directory.yaml", "    directories: [sandbox]", "    #")
	before, err := w.Routes()
	if err != nil {
		t.Fatal(err)
	}
	a.write(t, w.Path("directories"), abroadYAML)
	if _, err := w.AwaitStatus(t.Context(), 30*time.Second, func(s *harness.Status) bool { return s.InForce() && s.Reloads > 2 }); err != nil {
		t.Fatal(err)
	}
	p, _ := a.enrol(t, w)
	p.register(t, nil)
	enrol(t, w, harness.Order{}).register(t, nil)
	if after, err := w.Routes(); err != nil || after != before {
		t.Errorf("routes.yaml is another one, %v", err)
	}
}

func crossings(t *testing.T, w *harness.World, a *abroad) {
	home := enrol(t, w, harness.Order{})
	foreign, member := a.enrol(t, w)
	with := func(claims map[string]any) string { return a.statement(t, member, claims) }
	fromHome := func(changes harness.Changes) string {
		statement, err := home.Statement(t.Context(), changes)
		if err != nil {
			t.Fatal(err)
		}
		return statement
	}
	for _, c := range []struct {
		name        string
		by          *tpp // who signs the request
		statement   string
		certificate *tls.Certificate
		want        want
	}{
		{"a statement from home, a certificate from abroad", home, home.StatementText, &foreign.Transport, unfit("statement.certificate")},
		{"a statement from abroad, a certificate from home", foreign, foreign.StatementText, &home.Transport, unfit("statement.certificate")},
		{"a statement from abroad, a key from home", home, foreign.StatementText, &foreign.Transport, metadata("request.signature")},
		{"a statement from home, a key from abroad", foreign, home.StatementText, &home.Transport, metadata("request.signature")},
		{"home's issuer, signed abroad", foreign, with(map[string]any{"iss": directory.Issuer}), &foreign.Transport, unfit("statement.signature")},
		{"the issuer abroad, signed at home", home, fromHome(harness.Changes{Claims: map[string]any{"iss": abroadIssuer}}), &home.Transport, unfit("statement.signature")},
		{"an issuer in capitals", foreign, with(map[string]any{"iss": strings.ToUpper(abroadIssuer)}), &foreign.Transport, unapproved("statement.issuer")},
		{"an issuer with a slash", foreign, with(map[string]any{"iss": abroadIssuer + "/"}), &foreign.Transport, unapproved("statement.issuer")},
		{"home's role, abroad", foreign, with(map[string]any{"permissions": []string{"AISP"}}), &foreign.Transport, unapproved("statement.roles")},
		{"a role from abroad, at home", home, fromHome(harness.Changes{Claims: map[string]any{"software_roles": []string{"READER"}}}), &home.Transport, unapproved("statement.roles")},
		{"keys that are kept at home", foreign, with(map[string]any{"keys": w.File.Directory.JWKS}), &foreign.Transport, unapproved("keys.host")},
	} {
		request := c.by.Request()
		request.Claims["software_statement"] = c.statement
		answer := c.by.do(t, call{method: "POST", url: w.File.Registration, contentType: "application/jose", body: request.Compact(), certificate: c.certificate})
		if have := answer.Refusal(); answer.Status != c.want.status || have.Rule() != c.want.rule {
			t.Errorf("%s: got %s, want %s", c.name, answer, c.want.rule)
		}
	}
}

// brokenDirectory saves a directory with a key that there is not: it is refused with its line, and all go on.
func brokenDirectory(t *testing.T, w *harness.World, home *client, token string) {
	text, err := os.ReadFile(w.Path("abroad.yaml"))
	if err == nil {
		err = os.WriteFile(w.Path("abroad.yaml"), []byte("colour: red\n"+string(text)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	status, err := w.AwaitStatus(t.Context(), 30*time.Second, func(s *harness.Status) bool { return s.File.Refused != "" })
	if err != nil {
		t.Fatal(err)
	}
	if problems := status.File.Problems; len(problems) != 1 || problems[0].ID != "key.unknown" || problems[0].Line != 1 {
		t.Errorf("problems %+v", problems)
	}
	if answer := home.accounts(t, token); answer.Status != http.StatusOK {
		t.Errorf("while a directory is refused: %s", answer)
	}
}
