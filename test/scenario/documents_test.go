package scenario

import (
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// paper is a request of a guide.
type paper struct {
	Document      string         `yaml:"document"`
	Profile       string         `yaml:"profile"`
	Directory     string         `yaml:"directory"` // a profile whose directory has the software; Profile's own when empty
	Method        string         `yaml:"method"`
	ContentType   string         `yaml:"content_type"`
	Authorization string         `yaml:"authorization"` // that it is sent with, and that counts for nothing
	RedirectURIs  []string       `yaml:"redirect_uris"` // of the software
	Statement     map[string]any `yaml:"statement"`     // claims, instead of the directory's
	Header        map[string]any `yaml:"header"`        // of the request, instead of a TPP's; null leaves out
	Request       map[string]any `yaml:"request"`
	Answer        map[string]any `yaml:"answer"` // that the guide prints, its mistakes corrected; not all of it
	Mistakes      []mistake      `yaml:"mistakes"`
}

// mistake is what a guide says wrongly. Without a rule it is accepted.
type mistake struct {
	Says            string         `yaml:"says"`
	Profile         string         `yaml:"profile"`
	ContentType     string         `yaml:"content_type"`
	Header          map[string]any `yaml:"header"`
	Request         map[string]any `yaml:"request"`
	Omit            []string       `yaml:"omit"`
	Statement       map[string]any `yaml:"statement"`
	StatementHeader map[string]any `yaml:"statement_header"`
	OmitOfStatement []string       `yaml:"omit_of_statement"`
	SelfSigned      bool           `yaml:"self_signed"`
	Rule            string         `yaml:"rule"`
	Means           string         `yaml:"means"` // for a request that is accepted; nothing when empty
}

func papers(t *testing.T) (all []paper) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "documents.yaml"))
	if err == nil {
		err = yaml.UnmarshalWithOptions(text, &all, yaml.Strict())
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// What the guides show is accepted once their mistakes are corrected, and each mistake that is left in is refused by the rule
// that names it, or does no harm.
func TestDocuments(t *testing.T) {
	for _, d := range papers(t) {
		t.Run(d.Document, func(t *testing.T) {
			t.Parallel()
			d.accepted(t, mistake{})
			refused := d.enrol(t)
			for _, m := range d.Mistakes {
				t.Run(m.Says, func(t *testing.T) {
					if m.Rule == "" {
						d.accepted(t, m)
						return
					}
					answer := d.send(t, refused, m)
					if rules := answer.Refusal().Rule(); answer.Status < 400 || rules != m.Rule {
						t.Errorf("got %s, want %s", answer, m.Rule)
					}
				})
			}
		})
	}
}

// enrol makes the software of a guide: for an update, one that is registered already.
func (d *paper) enrol(t *testing.T) *client {
	t.Helper()
	p := enrol(t, gateway, harness.Order{RedirectURIs: d.RedirectURIs, Profile: d.Directory})
	p.registration = p.World.RegistrationURL(d.Profile)
	if d.Method == http.MethodPut {
		return p.register(t, nil)
	}
	return &client{tpp: p, url: p.registration}
}

// accepted sends a request that must be accepted, and checks what is answered.
func (d *paper) accepted(t *testing.T, m mistake) {
	t.Helper()
	c := d.enrol(t)
	answer := d.send(t, c, m)
	if want := map[string]int{"POST": http.StatusCreated, "PUT": http.StatusOK}[d.Method]; answer.Status != want {
		t.Fatalf("got %s, want %d", answer, want)
	}
	document := answer.JSON(t) // which refuses a member that is there twice
	shipped, err := profile.Load(d.Profile)
	if err != nil {
		t.Fatal(err)
	}
	(&version{d.Profile, shipped.Members}).check(t, document)
	// Mistakes of the answers that the guides print: a time as text, the statement's claims left out, a secret for nobody,
	// the scope as an array, members that no standard has, null.
	if _, ok := document["client_id_issued_at"].(json.Number); !ok {
		t.Errorf("client_id_issued_at is %v", document["client_id_issued_at"])
	}
	if _, ok := document["scope"].(string); !ok {
		t.Errorf("scope is %v", document["scope"])
	}
	for _, name := range []string{"client_secret", "supportedGrantTypes", "iss", "jti", "sector_identifier_uri"} {
		if _, has := document[name]; has {
			t.Errorf("%s is answered", name)
		}
	}
	for _, name := range []string{"org_id", "org_name", "software_roles"} {
		if _, has := document[name]; !has {
			t.Errorf("%s of the statement is not answered", name)
		}
	}
	for name, value := range document {
		if value == nil {
			t.Errorf("%s is null", name)
		}
	}
	if m.Says == "" {
		d.compare(t, c, document)
	}
	if reuse, has := document["token_endpoint_allow_reuse_pvt_key_jwt"]; has && reuse != false {
		t.Error("a client has switched replay protection off")
	}
}

// compare holds an answer against the one that the guide prints.
func (d *paper) compare(t *testing.T, c *client, document map[string]any) {
	t.Helper()
	known := map[string]any{"$software_id": c.SoftwareID, "$jwks": d.keys(c)}
	for name, want := range d.Answer {
		got, has := document[name]
		if text, ok := want.(string); ok && known[text] != nil {
			want = known[text]
		}
		if !has || want != "$any" && encoded(t, got) != encoded(t, want) {
			t.Errorf("%s is answered as %v, want %v", name, got, want)
		}
	}
}

// keys is where the software's keys are.
func (d *paper) keys(c *client) string {
	return c.World.File.Directory.API + "/" + c.OrgID + "/" + c.SoftwareID + ".jwks"
}

// send sends the guide's request with one of its mistakes.
func (d *paper) send(t *testing.T, c *client, m mistake) *harness.Answer {
	t.Helper()
	request := d.request(t, c, m)
	sent := call{method: d.Method, url: c.url, contentType: d.ContentType, body: request.Compact(), header: http.Header{}}
	if d.Profile == "is-json" {
		sent.body = encoded(t, request.Claims)
	}
	if m.Profile != "" {
		sent.url = c.World.RegistrationURL(m.Profile)
	}
	if m.ContentType != "" {
		sent.contentType = m.ContentType
	}
	switch {
	case d.Method == http.MethodPut:
		sent.header = bearer(c.token(t))
	case d.Authorization != "":
		sent.header.Set("Authorization", d.Authorization)
	}
	return c.do(t, sent)
}

func (d *paper) request(t *testing.T, c *client, m mistake) *harness.JWT {
	t.Helper()
	request := c.Request()
	over(request.Header, d.Header, m.Header)
	request.Claims = map[string]any{}
	over(request.Claims, d.Request, m.Request)
	for _, name := range m.Omit {
		delete(request.Claims, name)
	}
	now := time.Now().Unix()
	known := map[string]any{
		"$software_id": c.SoftwareID, "$audience": c.World.File.Audience, "$iat": now, "$exp": now + 3600, "$statement": d.statement(t, c, m),
		"$jwks": d.keys(c),
	}
	for name, value := range request.Claims {
		if text, ok := value.(string); ok && strings.HasPrefix(text, "$") {
			request.Claims[name] = known[text]
		}
	}
	return request
}

// statement is what the directory signs, or what the TPP does.
func (d *paper) statement(t *testing.T, c *client, m mistake) string {
	t.Helper()
	changes := harness.Changes{Claims: map[string]any{}, Header: m.StatementHeader, Omit: m.OmitOfStatement}
	maps.Copy(changes.Claims, d.Statement)
	maps.Copy(changes.Claims, m.Statement)
	if !m.SelfSigned {
		return c.statement(t, changes)
	}
	own, err := c.SSA()
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(own.Claims, changes.Claims)
	own.Key, own.Header["kid"] = c.Signing, c.SigningKeyID
	return own.Compact()
}

// over puts values over those of a map; null takes away.
func over(into map[string]any, changes ...map[string]any) {
	for _, change := range changes {
		for name, value := range change {
			if into[name] = value; value == nil {
				delete(into, name)
			}
		}
	}
}

// The guides' client assertions live for more than eight hours, and are for another server.
func TestDocumentsAssertions(t *testing.T) {
	c := newClient(t)
	now := time.Now().Unix()
	for _, a := range []struct {
		name   string
		claims map[string]any
		rule   string
	}{
		{"corrected: no typ, a jti of milliseconds", map[string]any{"jti": rand.Text()}, ""},
		{"of 30000 seconds", map[string]any{"exp": now + 30000}, "clientauth.exp"},
		{"for a server on the TPP's own machine", map[string]any{"aud": "https://localhost:9446/oauth2/token"}, "clientauth.aud"},
	} {
		assertion := c.Assertion(c.id)
		maps.Copy(assertion.Claims, a.claims)
		answer := c.ask(t, c.World.File.Token, c.form(map[string][]string{"client_assertion": {assertion.Compact()}}))
		if answer.Refusal().Rule() != a.rule || (answer.Status == http.StatusOK) != (a.rule == "") {
			t.Errorf("%s: got %s, want %s", a.name, answer, a.rule)
		}
	}
	if !slices.ContainsFunc(papers(t), func(d paper) bool { return len(d.Mistakes) > 5 }) {
		t.Error("the test does not see the documents")
	}
}
