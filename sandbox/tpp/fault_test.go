package tpp

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
)

// breakable is the world of a sandbox with a real directory, and with a bank that refuses all.
func breakable(t *testing.T) (b *aBank, dir string) {
	t.Helper()
	b = newBank(t)
	dir = b.world("")
	server := httptest.NewTLSServer(framework.Handler())
	t.Cleanup(server.Close)
	world, err := worldfile.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	world.Directory.API = server.URL
	writeWorld(t, dir, world)
	b.status, b.answer = http.StatusBadRequest, `{"error":"invalid_client_metadata","error_details":[{"rule":"some.rule"}]}`
	return b, dir
}

// sent is what a bank was asked.
type sent struct {
	header    map[string]any
	claims    map[string]any
	statement *decoded
	body      string
	tls       *tls.ConnectionState
}

func (b *aBank) broken(dir, name string) sent {
	b.t.Helper()
	o := b.tool("register", "--world", dir, "--break", name)
	if o.code != 1 || !strings.HasPrefix(o.stderr, "broken: ") || !strings.Contains(o.stderr, "  rule some.rule\n") {
		b.t.Fatalf("%+v, want what is broken and a refusal", o)
	}
	jwt, is := readable(string(b.body)).(*decoded)
	if !is {
		b.t.Fatalf("%s is no JWT", b.body)
	}
	statement, ok := jwt.Claims["software_statement"].(*decoded)
	if !ok {
		b.t.Fatal("no software statement")
	}
	return sent{header: jwt.Header, claims: jwt.Claims, statement: statement, body: string(b.body), tls: b.asked.TLS}
}

// What the faults change that is more than a claim; which rules see it is the scenarios' to say.
func TestBreak(t *testing.T) {
	tests := []struct {
		name string
		is   func(s sent) bool
	}{
		{"wrong-alg", func(s sent) bool { return s.header["alg"] == "RS256" }},
		{"unsigned", func(s sent) bool { return s.header["alg"] == "none" && strings.HasSuffix(s.body, ".") }},
		{"wrong-ssa-alg", func(s sent) bool { return s.statement.Header["alg"] == "RS256" }},
		{"expired-ssa", func(s sent) bool { return age(s.statement.Claims) > 30*time.Minute && age(s.claims) < time.Minute }},
		{"clock-skew", func(s sent) bool { return age(s.claims) < -59*time.Minute && age(s.statement.Claims) > -time.Minute }},
		{"foreign-certificate", func(s sent) bool {
			return commonName(s) == member.SoftwareID && s.claims["software_id"] != member.SoftwareID
		}},
		{"foreign-software", func(s sent) bool {
			return commonName(s) != member.SoftwareID && s.statement.Claims["software_id"] == member.SoftwareID
		}},
		{"too-many-scopes", func(s sent) bool { return s.claims["scope"] == "openid accounts payments" }},
		{"missing-claims", func(s sent) bool { return s.claims["aud"] == nil && s.claims["iss"] != nil }},
	}
	b, dir := breakable(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b.t = t
			if s := b.broken(dir, test.name); !test.is(s) {
				t.Errorf("%v %v", s.header, s.claims)
			}
		})
	}
	if _, err := os.Stat(b.file("client.json")); err == nil {
		t.Error("a client is kept")
	}
}

func age(claims map[string]any) time.Duration {
	iat, ok := claims["iat"].(interface{ Int64() (int64, error) })
	if !ok {
		return 0
	}
	seconds, _ := iat.Int64()
	return time.Since(time.Unix(seconds, 0))
}

func commonName(s sent) string { return s.tls.PeerCertificates[0].Subject.CommonName }

// A replay needs a registration that was accepted.
func TestBreakSendsAReplayTwice(t *testing.T) {
	b, dir := breakable(t)
	if o := b.tool("register", "--world", dir, "--break", "replayed-jti"); o.code != 2 || b.count != 1 || !strings.Contains(o.stderr, "for the first time") {
		t.Errorf("%+v after %d requests", o, b.count)
	}
	b.status = http.StatusCreated
	if o := b.tool("register", "--world", dir, "--break", "replayed-jti"); o.code != 0 || b.count != 3 {
		t.Errorf("%+v after %d requests", o, b.count)
	}
}

func TestBreakPrints(t *testing.T) {
	b, dir := breakable(t)
	o := b.tool("register", "--world", dir, "--break", "wrong-audience", "--print")
	if o.code != 0 || b.count != 0 || !strings.Contains(o.stdout, `"aud": "another-bank"`) {
		t.Errorf("%+v after %d requests", o, b.count)
	}
}

func TestBreakList(t *testing.T) {
	b := newBank(t)
	o := b.tool("register", "--break", "list")
	lines := strings.Split(o.stdout, "\n")
	known := map[string]bool{}
	for i, fault := range FaultsOf("obie-3.3") {
		if known[fault.Name] || fault.What == "" || len(fault.Rules) == 0 {
			t.Errorf("%s says too little, or is not the only one", fault.Name)
		}
		known[fault.Name] = true
		if line := lines[i]; !strings.HasPrefix(line, fault.Name+" ") || !strings.Contains(line, fault.What) || !strings.Contains(line, fault.Rules[0]) {
			t.Errorf("the line of %s is %q", fault.Name, line)
		}
	}
	if o.code != 0 || !strings.Contains(o.stdout, "directory down") || !strings.Contains(o.stdout, "stale JWKS") {
		t.Errorf("%+v", o)
	}
}
