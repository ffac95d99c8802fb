package routes_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

func TestProblemsPrint(t *testing.T) {
	text, dir := refusal{from: "upstream: bank\n    body_limit: 2MiB", to: "upstream: banc\n    body_limt: 2MiB"}.edited(t)
	const want = `routes.yaml:91:15: error: routes[4] (payment).upstream: no upstream has the name "banc"; did you mean "bank"? [route.upstream]
   91 |     upstream: banc
      |               ^
routes.yaml:92:5: error: routes[4] (payment).body_limt: there is no such key here; did you mean body_limit? [key.unknown]
   92 |     body_limt: 2MiB
      |     ^`
	if have := parse(t, text, dir).Error(); have != want {
		t.Errorf("have\n%s\nwant\n%s", have, want)
	}
}

func TestProblemsSayWhatWasExpected(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"unknown key", "    token: true", "    colour: true", "there is no such key here; the keys are name, listener, path, methods,"},
		{"key of other gateways", "    token: true", "    rewrite: /v1", "there is no such key: paths are not rewritten; the upstream"},
		{"wildcard", "path: /oauth2/token", "path: /oauth2/*", "must be a path of segments, each of letters, digits and . _ ~ - (but not . or ..) or one {Name} of letters and digits; there are no wildcards"},
		{"name with a hyphen", "{Consent}", "{consent-id}", "must be a path of segments, each of letters, digits and . _ ~ - (but not . or ..) or one {Name} of letters and digits; there are no wildcards"},
		{"missing key", "    methods: [POST]\n", "", "the key methods is missing: HTTP methods, in upper case"},
		{"enumeration", "methods: [POST]", "methods: [post]", "must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS; did you mean POST?"},
		{"far from all", "methods: [POST]", "methods: [SUBSCRIBE]", "must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"},
		{"number", "timeout: 700ms", "timeout: 700", "is a number here: write it in quotes, or with its unit; it must be a time with its unit, such as 300ms, 5s or 1m30s"},
		{"no value", "timeout: 700ms", "timeout:", "has no value; it must be a time with its unit"},
		{"another type", "methods: [POST]", "methods: POST", "is a text here; it must be a list, such as [one, two]"},
		{"range", "retries: 1", "retries: 7", "must be a whole number from 0 to 3"},
		{"listener", "listener: mtls", "listener: mlts", `no listener has the name "mlts"; did you mean "mtls"?`},
		{"plan", "plan: gold", "plan: silver", `no plan has the name "silver"`},
		{"key twice", "key_manager: builtin", "issuer: https://a.example", "the key is repeated; it is in line 2 already"},
		{"later one", "header_timeout: 4s", "header_timeout: 13s", "must not be longer than request_timeout, which is 12s"},
		{"syntax", "methods: [POST]", "methods: [POST", "',' or ']' must be specified"},
	} {
		text, dir := refusal{c.name, c.from, c.to, nil}.edited(t)
		problems := parse(t, text, dir)
		if len(problems) == 0 || !strings.HasPrefix(problems[0].What, c.want) {
			t.Errorf("%s: have %v, want %s", c.name, problems, c.want)
		}
	}
}

func TestProblemsAreCounted(t *testing.T) {
	_, dir := source(t)
	text := strings.ReplaceAll(string(many(1000)), "upstream: bank", "upstream: banc")
	problems := parse(t, text, dir)
	if len(problems) != 1000 {
		t.Fatalf("%d problems", len(problems))
	}
	if printed := problems.Error(); strings.Count(printed, "[route.upstream]") != 50 || !strings.HasSuffix(printed, "\nand 950 more") {
		t.Errorf("have %s", printed)
	}
	if last := problems[999]; last.Where != "routes[999].upstream" || !strings.HasSuffix(last.What, `did you mean "bank"?`) || last.Text != "    upstream: banc" || last.Line != 10+6*1000 {
		t.Errorf("have %+v", *last)
	}
}

// What is on a line that may hold a secret is shown to nobody, and no value is in any sentence.
func TestProblemsKeepSecrets(t *testing.T) {
	for _, c := range []struct {
		name, line string
		shown      bool
	}{
		{"words", "foo: /a-long-path/of-words/and-numbers/v3/that-goes-on/and-on", true},
		{"capitals", "foo: AISPPISPCBPIIASPSPAISPPISPCBPIIASPSP", true},
		{"short", "foo: 0015800001HQQrZAAX", true},
		{"begin of PEM", "foo: -----BEGIN EC PRIVATE KEY-----", false},
		{"end of PEM", "foo: -----END CERTIFICATE-----", false},
		{"base64", "foo: MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg", false},
		{"base64url", "foo: eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0", false},
		{"hex", "foo: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c", false},
		{"base32", "foo: JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", false},
		{"header of a text", "foo: |MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg", false},
		{"password", "password: hunter2", false},
		{"client secret", `client_secret: "a b"`, false},
		{"API key", "apikey: hunter2", false},
	} {
		text, dir := refusal{c.name, "edge:\n", c.line + "\nedge:\n", nil}.edited(t)
		problems := parse(t, text, dir)
		if len(problems) == 0 {
			t.Fatalf("%s: nothing is wrong", c.name)
		}
		for _, problem := range problems {
			if want := map[bool]string{true: c.line}[c.shown]; problem.Text != want {
				t.Errorf("%s: shows %q", c.name, problem.Text)
			}
			if _, value, _ := strings.Cut(c.line, ": "); strings.Contains(problem.What, value) {
				t.Errorf("%s: says %q", c.name, problem.What)
			}
		}
	}
}

func TestProblemsShowLinesThatFit(t *testing.T) {
	for _, c := range []struct{ name, line, want string }{
		{"long", "foo: [" + strings.Repeat("a, ", 100) + "b]", "foo: [" + strings.Repeat("a, ", 51) + "a…"},
		{"letters of two bytes", "foo: " + strings.Repeat("é", 156), "foo: " + strings.Repeat("é", 155) + "…"},
		{"tab", "foo: a\tb", "foo: a b"},
		{"terminal", "foo: \"a\x1b[31m\"", `foo: "a?[31m"`},
	} {
		text, dir := refusal{c.name, "edge:\n", c.line + "\nedge:\n", nil}.edited(t)
		if problems := parse(t, text, dir); len(problems) != 1 || problems[0].Text != c.want {
			t.Errorf("%s: have %v", c.name, problems)
		}
	}
}

func TestFileProblem(t *testing.T) {
	file := read(t, "full.yaml")
	for _, c := range []struct{ where, want string }{
		{"routes[4].upstream", "91:15"},
		{"routes[4].endpoint", "84:5"},
		{"routes[9].name", "65:1"},
		{"upstreams.bank", "28:3"},
		{"upstreams.registry", "27:13"},
		{"plans.gold.per_client", "45:42"},
		{"listeners.mtls.certificates[0].key", "21:14"},
		{"edge", "52:1"},
		{"", "0:0"},
	} {
		problem := file.Problem(yamlfile.Warning, "some.id", c.where, "is %d", 5)
		if have := fmt.Sprintf("%d:%d", problem.Line, problem.Column); have != c.want {
			t.Errorf("%s: have %s, want %s", c.where, have, c.want)
		}
		if problem.ID != "some.id" || problem.Severity != yamlfile.Warning || problem.What != "is 5" || problem.File != "testdata/full.yaml" {
			t.Errorf("have %+v", problem)
		}
	}
	if have := new(routes.File).Problem(yamlfile.Error, "some.id", "issuer", "is bad").Error(); have != "error: issuer: is bad [some.id]" {
		t.Errorf("have %s", have)
	}
}

// Whatever stands above it, a problem is in the line and at the character where it is.
func TestProblemsAreWhereTheyAre(t *testing.T) {
	for _, c := range []struct{ name, above string }{
		{"plain text", "foo2: builtin"},
		{"quoted text over lines", "audiences2: \"a\n  b\n\n  c\""},
		{"single quotes over lines", "audiences2: 'a\n  b\n\n  c'"},
		{"plain text over lines", "audiences2: a\n  b\n\n  c"},
		{"literal", "audiences2: |\n  a\n\n  b\n\n"},
		{"literal without its end", "audiences2: |-\n  a\n\n  b\n\n\n"},
		{"folded", "audiences2: >+\n  a\n\n  b\n\n"},
		{"comments", "# a\n\n  # b\n#\n"},
		{"comment behind", "foo2: builtin # a: b"},
		{"flow over lines", "audiences2: [\n  a,\n\n  # c\n  b\n]"},
		{"list", "audiences2:\n- a\n-\n  b\n"},
		{"anchor", "audiences2: &a\n  b"},
		{"letters of two bytes", "audiences2: \"ää\""},
		{"blank lines", "\n\n   \n"},
	} {
		for _, behind := range []string{"foo: a", "\"ää\": a", "key_manager: {ä: b}"} {
			text, dir := refusal{c.name, "key_manager: builtin\n", c.above + "\n" + behind + "\n", nil}.edited(t)
			line := 6 + strings.Count(c.above, "\n") + 1
			column := 1 + len([]rune(strings.TrimSuffix(behind, strings.TrimPrefix(behind, "key_manager: "))))
			found := false
			for _, problem := range parse(t, text, dir) {
				found = found || problem.Line == line && problem.Column == column && problem.Text == behind
			}
			if !found {
				t.Errorf("%s: nothing at %d:%d: %v", c.name, line, column, parse(t, text, dir))
			}
		}
	}
}
