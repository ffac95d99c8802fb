package desk

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// A mistake spoils a good request.
type mistake struct {
	name   string
	spoil  func(*world)
	first  string // rule of the first finding, "" for none
	number int    // of findings
}

func raw(text string) json.RawMessage { return json.RawMessage(text) }

func claim(name, value string) func(*world) {
	return func(w *world) { w.ssa.Claims = map[string]any{name: raw(value)} }
}

func mistakes() []mistake {
	old := time.Now().Add(-2 * time.Hour).Unix()
	return []mistake{
		{"none", func(*world) {}, "", 0},
		{"no scope", func(w *world) { delete(w.request, "scope") }, "dictionary.required", 1},
		{"a scope of another role", func(w *world) { w.request["scope"] = "openid fundsconfirmations" }, "scope.role", 1},
		{"iss", func(w *world) { w.request["iss"] = "another" }, "issuer", 1},
		{"aud", func(w *world) { w.request["aud"] = "another-bank" }, "audience", 1},
		{"a redirect URI of nobody's", func(w *world) { w.request["redirect_uris"] = []string{"https://evil.example/"} }, "redirect_uris.statement", 1},
		{"an invalid grant", func(w *world) { w.request["grant_types"] = []string{"authorization_code", "password"} }, "dictionary.values", 1},
		{"of two hours ago", func(w *world) { w.request["iat"] = old }, "times.iat", 1},
		{"expired", func(w *world) { w.request["exp"] = w.request["iat"] }, "times.exp", 1},
		{"tls_client_auth without a name", func(w *world) {
			w.request["token_endpoint_auth_method"] = "tls_client_auth"
			delete(w.request, "token_endpoint_auth_signing_alg")
		}, "tls_client_auth.missing", 1},
		{"no statement", func(w *world) { w.request["software_statement"] = nil }, "statement.missing", 1},
		{"a statement that is no JWS", func(w *world) { w.request["software_statement"] = "a.b" }, "statement.jws.compact", 1},
		{"a statement of RS256", func(w *world) { w.ssa.Header = map[string]any{"alg": "RS256"} }, "statement.jws.alg", 1},
		{"a statement of yesterday", claim("iat", "1600000000"), "statement.times.iat", 1},
		{"a statement without org_id", func(w *world) { w.ssa.Omit = []string{"org_id"} }, "statement.missing", 1},
		{"an organisation that was withdrawn", claim("org_status", `"Withdrawn"`), "statement.status", 1},
		{"a key set elsewhere", claim("software_jwks_endpoint", `"https://evil.example/jwks"`), "keys.host", 1},
		{"an issuer of nobody's", claim("iss", `"Somebody Ltd"`), "statement.issuer", 1},
		{"an environment that is not a string", claim("software_environment", "1"), "statement.type", 1},
		{"ten at once", func(w *world) {
			w.request["iss"], w.request["aud"], w.request["scope"] = "another", "another-bank", "fundsconfirmations nonsense"
			w.request["redirect_uris"] = []string{"http://evil.example/", "https://evil.example/#a"}
			w.request["application_type"], w.request["software_id"] = "watch", "another"
			w.request["grant_types"] = []string{"password"}
			delete(w.request, "jti")
		}, "dictionary.values", 10},
	}
}

// signatureMistakes need the files that a signature is checked with, or the certificate.
func signatureMistakes() []mistake {
	return []mistake{
		{"signed by another key", func(w *world) { w.signer, _ = newKey("PS256") }, "request.signature", 1},
		{"a kid of nobody's", func(w *world) { w.kid = "nobody" }, "request.signature", 1},
		{"signed with the transport key's id", func(w *world) { w.kid = w.made.member.TransportKeyID }, "request.signature", 1},
		{"a statement that was changed", func(w *world) {
			parts := strings.Split(w.statement(), ".")
			parts[2] = strings.Split(w.statement(), ".")[2]
			w.request["software_statement"] = strings.Join(parts, ".")
		}, "statement.signature", 1},
		{"another software's certificate", func(w *world) { w.cert = w.made.other.TransportCert }, "statement.certificate", 1},
		{"a name of another certificate", func(w *world) {
			w.request["token_endpoint_auth_method"], w.request["tls_client_auth_subject_dn"] = "tls_client_auth", "CN=tpp.example.com,O=Some Fintech Ltd,C=GB"
			delete(w.request, "token_endpoint_auth_signing_alg")
		}, "tls_client_auth.subject", 1},
		{"algorithms without a key", func(w *world) {
			w.request["token_endpoint_auth_signing_alg"], w.request["request_object_signing_alg"] = "ES256", "ES256"
		}, "auth_signing_alg.key", 2},
		{"the signing certificate", func(w *world) { w.cert = w.made.member.SigningCert }, "certificate.ext_key_usage", 1},
		{"no certificate", func(w *world) { w.cert = "nonsense" }, "certificate.pem", 1},
	}
}

// files are the flags of everything that a TPP can have.
func (w *world) files() []string {
	return []string{
		"--directory", w.at("directory.yaml"), "--audience", bankID, "--cert", w.write("cert.pem", w.cert),
		"--jwks", w.fetch("directory.jwks", w.made.directory.KeysURL()), "--software-jwks", w.fetch("software.jwks", w.made.member.JWKS),
	}
}

func sameFindings(t *testing.T, got, want []finding) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("lint found\n%+v\nthe gate\n%+v", got, want)
	}
}

// TestLintIsTheGate holds lint's findings against the refusal of a gate that fetches its keys from a real server.
func TestLintIsTheGate(t *testing.T) {
	for _, m := range append(mistakes(), signatureMistakes()...) {
		t.Run(m.name, func(t *testing.T) {
			w := newWorld(t)
			m.spoil(w)
			request := w.signed()
			want := w.gate(request)
			if len(want) != m.number || m.number > 0 && want[0].Rule != m.first {
				t.Fatalf("the gate found %+v", want)
			}
			var got linted
			code := answer(t, &got, append([]string{"lint", w.write("request.jwt", request)}, w.files()...)...)
			sameFindings(t, got.Findings, want)
			if code != min(len(want), 1) || len(got.NotChecked) != 2 {
				t.Errorf("code %d, not checked %q", code, got.NotChecked)
			}
		})
	}
}

// TestLintWithoutFiles finds the same, but for what only the files tell, and says what it did not check.
func TestLintWithoutFiles(t *testing.T) {
	for _, m := range mistakes() {
		t.Run(m.name, func(t *testing.T) {
			w := newWorld(t)
			m.spoil(w)
			request := w.signed()
			want := w.gate(request)
			for form, text := range map[string]string{"signed": request, "claims": string(w.claims())} {
				var got linted
				code := answer(t, &got, "lint", w.write("request", text), "--directory", w.at("directory.yaml"), "--audience", bankID)
				sameFindings(t, got.Findings, want)
				if code != min(len(want), 1) || got.Request.Signed != (form == "signed") {
					t.Errorf("%s: code %d", form, code)
				}
				if !slices.ContainsFunc(got.NotChecked, func(one string) bool { return strings.Contains(one, "--cert") }) {
					t.Errorf("%s: not checked %q", form, got.NotChecked)
				}
			}
		})
	}
}

// TestLintEachFile has one file of several: what it proves is found, and the rest is not passed in silence.
func TestLintEachFile(t *testing.T) {
	const statement, request, certificate, aud = "signature of the software statement", "signature of the request", "TLS client certificate", "whether aud"
	const algorithms = "keys for the algorithms"
	for _, test := range []struct {
		name       string
		spoil      func(*world)
		give       []string
		want       string
		notChecked []string
	}{
		{"a request signed by another key, with the software's set alone", func(w *world) { w.kid = "nobody" },
			[]string{"--software-jwks"}, "request.signature", []string{statement, certificate, aud}},
		{"a good request, with the software's set alone", func(*world) {}, []string{"--software-jwks"}, "", []string{statement, certificate, aud}},
		{"the directory's set alone", func(*world) {}, []string{"--jwks"}, "", []string{request, algorithms, certificate, aud}},
		{"a foreign certificate alone", func(w *world) { w.cert = w.made.other.TransportCert },
			[]string{"--cert"}, "statement.certificate", []string{statement, request, algorithms, aud}},
		{"aud alone", func(w *world) { w.request["aud"] = "another" }, []string{"--audience"}, "audience", []string{statement, request, algorithms, certificate}},
		{"nothing", func(w *world) { w.request["aud"] = "another" }, nil, "", []string{statement, request, algorithms, certificate, aud}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			test.spoil(w)
			arguments := []string{"lint", w.write("request.jwt", w.signed())}
			all := w.files()
			for i := 0; i < len(all); i += 2 {
				if all[i] == "--directory" || slices.Contains(test.give, all[i]) {
					arguments = append(arguments, all[i], all[i+1])
				}
			}
			var got linted
			answer(t, &got, arguments...)
			if rules := strings.Join(rulesOf(got.Findings), " "); rules != test.want {
				t.Errorf("found %s", rules)
			}
			for _, part := range test.notChecked {
				if !slices.ContainsFunc(got.NotChecked, func(one string) bool { return strings.Contains(one, part) }) {
					t.Errorf("nothing is said of %q: %q", part, got.NotChecked)
				}
			}
			if len(got.NotChecked) != len(test.notChecked)+2 {
				t.Errorf("not checked %q", got.NotChecked)
			}
		})
	}
}

func rulesOf(list []finding) []string {
	var rules []string
	for _, one := range list {
		rules = append(rules, one.Rule)
	}
	return rules
}

// TestLintShipped needs no file at all but the request: its keys are at the directory that is shipped.
func TestLintShipped(t *testing.T) {
	w := newWorld(t)
	keys := "https://keystore.openbankingtest.org.uk/"
	w.ssa.Claims = map[string]any{
		"software_jwks_endpoint": raw(`"` + keys + `a"`), "software_jwks_revoked_endpoint": raw(`"` + keys + `b"`),
		"org_jwks_endpoint": raw(`"` + keys + `c"`), "org_jwks_revoked_endpoint": raw(`"` + keys + `d"`),
	}
	w.request["token_endpoint_auth_method"], w.request["tls_client_auth_subject_dn"] = "tls_client_auth", "CN=a,C=GB"
	delete(w.request, "token_endpoint_auth_signing_alg")
	request := w.write("claims.json", string(w.claims()))
	stdout, stderr, code := run(t, "lint", request, "--cert", w.write("cert.pem", w.cert))
	for _, want := range []string{
		"registration request, not signed yet, by profile obie-3.3, directory openbanking-uk-sandbox",
		"tls_client_auth.subject", "not checked: whether a CA of the directory", "1 finding",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing in\n%s%s", want, stdout, stderr)
		}
	}
	if code != 1 || strings.Contains(stdout, "redirect_uris") {
		t.Errorf("code %d, or claims are shown unasked: %s", code, stdout)
	}
	stdout, _, code = run(t, "lint", request, "--claims")
	if ssa := w.request["software_statement"].(string); strings.Contains(stdout, strings.Split(ssa, ".")[2]) || !strings.Contains(stdout, "(decoded apart)") ||
		strings.Index(stdout, "redirect_uris") < strings.Index(stdout, "nothing found") {
		t.Errorf("the statement's signature is shown, or claims come before findings: %s", stdout)
	}
	if code != 0 || !strings.Contains(stdout, "not checked: whether the name for tls_client_auth") {
		t.Errorf("without the certificate: code %d: %s", code, stdout)
	}
	if _, _, code := run(t, "lint", request, "--cert", w.at("cert.pem"), "--at", "2020-01-01T00:00:00Z"); code != 1 {
		t.Errorf("in 2020: code %d", code)
	}
	delete(w.request, "software_statement")
	w.ssa.Claims["iss"] = raw(`"Somebody Ltd"`)
	stdout, _, code = run(t, "lint", w.write("claims.json", string(w.claims())))
	if code != 1 || !strings.Contains(stdout, "name its directory with --directory") || !strings.Contains(stdout, "1 finding") {
		t.Errorf("code %d: %s", code, stdout)
	}
	delete(w.request, "software_statement")
	w.ssa.Claims["iss"], w.ssa.Claims["software_environment"] = raw(`"OpenBanking Ltd"`), raw(`[1]`)
	stdout, _, code = run(t, "lint", w.write("claims.json", string(w.claims())))
	if code != 1 || !strings.Contains(stdout, "statement.environment") || !strings.Contains(stdout, "1 finding") {
		t.Errorf("code %d: %s", code, stdout)
	}
}

func TestLintStatementFile(t *testing.T) {
	w := newWorld(t)
	ssa := w.statement()
	w.request["software_statement"] = "x"
	whole := w.write("whole.json", string(w.claims()))
	delete(w.request, "software_statement")
	text, err := json.Marshal(w.request)
	ok(t, err)
	claims, file := w.write("claims.json", string(text)), w.write("ssa.jwt", ssa+"\n")
	var got linted
	if code := answer(t, &got, "lint", claims, "--ssa", file, "--directory", w.at("directory.yaml")); code != 0 || got.Statement == nil {
		t.Errorf("code %d: %+v", code, got)
	}
	if code := answer(t, &got, "lint", claims, "--directory", w.at("directory.yaml")); code != 1 || got.Findings[0].Rule != "statement.missing" {
		t.Errorf("code %d: %+v", code, got)
	}
	if _, stderr, code := run(t, "lint", whole, "--ssa", file); code != 2 || !strings.Contains(stderr, "this request has one") {
		t.Errorf("code %d: %s", code, stderr)
	}
	w.request["software_statement"] = ssa
	signed := w.write("signed.jwt", w.signed()+"\r\n")
	if code := answer(t, &got, "lint", signed, "--ssa", file, "--directory", w.at("directory.yaml")); code != 0 || len(got.Notes) != 1 {
		t.Errorf("code %d: %+v", code, got.Notes)
	}
}

func TestLintUsage(t *testing.T) {
	w := newWorld(t)
	request := w.write("request.json", "{}")
	for _, test := range []struct {
		name      string
		arguments []string
		want      string
	}{
		{"no request", []string{"lint"}, "usage: dcr-gateway lint [flags] REQUEST"},
		{"a request that is not there", []string{"lint", w.at("none")}, "no such file"},
		{"an invalid profile", []string{"lint", request, "--profile", "obie-9"}, "obie-3.3"},
		{"a profile's file with a fault", []string{"lint", request, "--profile", request}, "profile"},
		{"an invalid directory", []string{"lint", request, "--directory", "mars"}, "openbanking-uk-sandbox"},
		{"a directory's file with a fault", []string{"lint", request, "--directory", request}, "must"},
		{"invalid keys", []string{"lint", request, "--jwks", w.at("directory.yaml")}, "key set"},
		{"invalid keys of the software product", []string{"lint", request, "--software-jwks", w.at("directory.yaml")}, "key set"},
		{"an invalid time", []string{"lint", request, "--at", "noon"}, "2026-11-21T12:00:00Z"},
		{"an invalid form", []string{"lint", request, "--output", "xml"}, "want text or json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, code := run(t, test.arguments...)
			if code != 2 || stdout != "" || !strings.Contains(stderr, test.want) {
				t.Errorf("code %d, %q, %q", code, stdout, stderr)
			}
		})
	}
	for name, text := range map[string]string{"not JSON": "{", "not a JWS": "nonsense", "nothing": ""} {
		var got linted
		if code := answer(t, &got, "lint", w.write("bad", text)); code != 1 || len(got.Findings) != 1 || got.Request != nil {
			t.Errorf("%s: code %d, %+v", name, code, got.Findings)
		}
	}
}

// TestLintGoesOn: offline nothing is secret, so lint says all that a gate would say one after the other.
func TestLintGoesOn(t *testing.T) {
	w := newWorld(t)
	w.request["scope"], w.request["redirect_uris"] = "openid acounts", []string{"http://x"}
	w.ssa.Claims = map[string]any{"org_status": "Withdrawn", "iat": time.Now().Add(-time.Hour).Unix()}
	request := w.write("claims.json", string(w.claims()))
	var got linted
	code := answer(t, &got, "lint", request, "--directory", w.at("directory.yaml"), "--audience", bankID)
	if rules := rulesOf(got.Findings); code != 1 || !slices.Equal(rules, []string{"statement.times.iat", "statement.status"}) {
		t.Errorf("code %d, findings %v", code, rules)
	}
	if rules := rulesOf(got.Later); !slices.Equal(rules, []string{"redirect_uris.https", "scope.unknown"}) {
		t.Errorf("later %v", rules)
	}
	delete(w.request, "software_statement")
	w.ssa.Claims = nil
	stdout, _, _ := run(t, "lint", w.write("claims.json", string(w.claims())))
	for _, want := range []string{"keys.host", "scope.unknown", "redirect_uris.https", "once that is fixed, a gate would find",
		"note: the directory openbanking-uk-sandbox was guessed from the statement; if it is another one: --directory FILE, or --world DIR for a sandbox"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing in\n%s", want, stdout)
		}
	}
}

// TestLintInASandbox: the world's files fill in the flags, for a software product that is in it and for any other.
func TestLintInASandbox(t *testing.T) {
	w := newWorld(t)
	w.fetch("ssa.jwks", w.loaded.JWKS)
	w.fetch("keys.jwks", w.made.member.JWKS)
	w.write("cert.pem", w.cert)
	for _, c := range []struct {
		name, aud, tpp, profile string
		spoil                   func()
		want                    string
		notChecked              int
	}{
		{"good", bankID, w.made.member.SoftwareID, "", nil, "", 2},
		{"another aud", "x", w.made.member.SoftwareID, "", nil, "audience", 2},
		{"of another profile", "x", w.made.member.SoftwareID, "obie-3.2", nil, "", 2},
		{"a software product that the world does not name", bankID, "x", "", nil, "", 5},
		{"signed by nobody", bankID, w.made.member.SoftwareID, "", func() { w.kid = "nobody" }, "request.signature", 2},
	} {
		papers := `"audience":"` + c.aud + `","directory":{"file":"directory.yaml","ssa_jwks":"ssa.jwks"},"tpps":[{"software_id":"` + c.tpp + `","transport_cert":"cert.pem","jwks_file":"keys.jwks"}]`
		w.write("world.json", `{"profile":"obie-3.3",`+papers+`,"worlds":{"obie-3.2":{`+strings.Replace(papers, c.aud, bankID, 1)+`}}}`)
		if c.spoil != nil {
			c.spoil()
		}
		var got linted
		arguments := []string{"lint", w.write("request.jwt", w.signed()), "--world", w.dir}
		if c.profile != "" {
			arguments = append(arguments, "--profile", c.profile)
		}
		answer(t, &got, arguments...)
		if rules := strings.Join(rulesOf(got.Findings), " "); rules != c.want || len(got.NotChecked) != c.notChecked {
			t.Errorf("%s: found %q, not checked %q", c.name, rules, got.NotChecked)
		}
	}
}
