package conform

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// files writes a TPP's papers and the bank's CA as a user has them.
func files(t *testing.T, setup Setup) func(name string) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, kind string, der []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key := func(name string, key any) {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		write(name, "PRIVATE KEY", der)
	}
	write("tpp.pem", "CERTIFICATE", setup.Certificate.Certificate[0])
	key("tpp.key", setup.Certificate.PrivateKey)
	key("signing.key", setup.SigningKey)
	response, err := (&http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: setup.Roots, MinVersion: tls.VersionTLS12}}}).Get(setup.Discovery)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	write("ca.pem", "CERTIFICATE", response.TLS.PeerCertificates[0].Raw)
	statement, err := setup.Statements.Fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ssa.jwt"), []byte(statement+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(name string) string { return filepath.Join(dir, name) }
}

func TestRun(t *testing.T) {
	b, setup := newBank(t)
	file := files(t, setup)
	all := []string{
		"--base", setup.Base, "--token-endpoint", setup.Token, "--cert", file("tpp.pem"), "--key", file("tpp.key"), "--ca", file("ca.pem"),
		"--signing-key", file("signing.key"), "--kid", "a-key", "--aud", "x",
	}
	withFile := append(all[:len(all):len(all)], "--ssa", file("ssa.jwt"))
	with := func(more ...string) []string { return append(withFile[:len(withFile):len(withFile)], more...) }
	for _, test := range []struct {
		name      string
		arguments []string
		code      int
		out, err  string
	}{
		{"all hold", with("--only", "REG-01,TOK-01"), 0, "2 hold, 0 fail, 0 skipped", ""},
		{"one does not", with("--only", "REG-01", "--only", "RED-01"), 1, "expected status 400, received 201", ""},
		{"as JSON", with("--only", "REG-01", "--out", "json"), 0, `"held": 1`, ""},
		{"a statement by a command", append(all[:len(all):len(all)], "--ssa-command", "cat "+file("ssa.jwt"), "--only", "REG-01"), 0, "1 hold", ""},
		{"a command that fails", append(all[:len(all):len(all)], "--ssa-command", "exit 3", "--only", "REG-01"), 2, "", "--ssa-command: exit status 3"},
		{"other redirect URIs", with("--only", "REG-03", "--redirect-uri", "https://tpp.example.com/two"), 0, "1 hold", ""},
		{"a claim of the bank's", with("--only", "REG-03", "--claim", `client_name="a"`), 0, "1 hold", ""},
		{"the list", []string{"--list", "--profile", "cdr-au"}, 0, "REG-01  a registration", ""},
		{"nothing is said", nil, 2, "", "missing: --cert, --key, --signing-key, --kid, --aud, --base or --discovery, --token-endpoint or --discovery, --ssa or --ssa-command"},
		{"no such case", with("--only", "REG-99"), 2, "", "has no case REG-99"},
		{"no such profile", with("--profile", "obie-9"), 2, "", "no profile is called obie-9"},
		{"no such method", with("--auth-method", "none"), 2, "", "--auth-method must be"},
		{"a claim that is no JSON", with("--claim", "a=b"), 2, "", ""},
		{"an operand", with("more"), 2, "", ""},
		{"no such file", with("--cert", "nothing"), 2, "", "the transport certificate and its key"},
		{"an invalid CA", with("--ca", file("ssa.jwt")), 2, "", "there is no certificate"},
		{"an invalid key", with("--signing-key", file("ssa.jwt")), 2, "", "ssa.jwt: holds no private key in PEM form"},
		{"no such world", []string{"--world", file("nowhere")}, 2, "", "the sandbox"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			err := Command().Run(t.Context(), test.arguments, &stdout, &stderr)
			code := 0
			var exit interface{ ExitCode() int }
			if errors.As(err, &exit) {
				code = exit.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			if code != test.code || !strings.Contains(stdout.String(), test.out) || code > 0 && !strings.Contains(err.Error(), test.err) {
				t.Errorf("code %d, %v, want %d, %s\n%s", code, err, test.code, test.err, stdout.String())
			}
		})
	}
	if len(b.clients) > 0 {
		t.Errorf("%d clients are left", len(b.clients))
	}
}

func TestRunWritesJUnit(t *testing.T) {
	_, setup := newBank(t)
	file := files(t, setup)
	err := Command().Run(t.Context(), []string{
		"--discovery", setup.Discovery, "--base", setup.Base, "--token-endpoint", setup.Token, "--cert", file("tpp.pem"), "--key", file("tpp.key"), "--ca", file("ca.pem"),
		"--signing-key", file("signing.key"), "--kid", "a-key", "--aud", "x", "--ssa", file("ssa.jwt"), "--only", "REG-01", "--junit", file("junit.xml"),
	}, &bytes.Buffer{}, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file("junit.xml")); err != nil || !strings.Contains(string(text), `tests="1" failures="0"`) {
		t.Errorf("%s, %v", text, err)
	}
}

// A sandbox has the papers of each profile where world.json says.
func TestWorld(t *testing.T) {
	dir := t.TempDir()
	text, err := json.Marshal(map[string]any{
		"profile": "obie-3.3", "registration_endpoint": "https://a/3.3", "audience": "x", "discovery": "https://a/d", "server_ca": "ca.pem",
		"directory": map[string]string{"api": "https://a:1", "ca": "ca.pem"},
		"tpps": []map[string]string{
			{"software_id": "s1", "transport_cert": "1.pem", "signing_key": "1.key", "signing_kid": "k1"}, {"transport_cert": "2.pem", "signing_kid": "k2"},
		},
		"registration_endpoints": map[string]string{"obie-3.1": "https://a/3.1", "cdr-au": "https://a/cdr"},
		"worlds": map[string]any{"cdr-au": map[string]any{
			"registration_endpoint": "https://a/other", "audience": "y", "tpps": []map[string]string{{"transport_cert": "c.pem", "signing_kid": "kc"}},
		}},
	})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "world.json"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name                                      string
		o                                         options
		profile, base, audience, certificate, kid string
		other, err                                string
	}{
		{"its own profile", options{tpp: 1}, "obie-3.3", "https://a/3.3", "x", "1.pem", "k1", "2.pem", ""},
		{"another profile, the last TPP", options{tpp: 2, Setup: Setup{Profile: "obie-3.1"}}, "obie-3.1", "https://a/3.1", "x", "2.pem", "k2", "1.pem", ""},
		{"another directory", options{tpp: 1, Setup: Setup{Profile: "cdr-au"}}, "cdr-au", "https://a/cdr", "y", "c.pem", "kc", "1.pem", ""},
		{"flags come first", options{tpp: 1, Setup: Setup{Base: "https://b", Audience: "z", KeyID: "k"}}, "obie-3.3", "https://b", "z", "1.pem", "k", "2.pem", ""},
		{"no such TPP", options{tpp: 3}, "", "", "", "", "", "", "the sandbox has TPPs 1 to 2"},
		{"a profile that it does not serve", options{tpp: 1, Setup: Setup{Profile: "is-json"}}, "", "", "", "", "", "", "the sandbox has no profile is-json; it has cdr-au, obie-3.1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := test.o
			o.world = dir
			err := o.fromWorld()
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v, want %s", err, test.err)
				}
				return
			}
			got := []string{o.Profile, o.Base, o.Audience, filepath.Base(o.certificate), o.KeyID, filepath.Base(o.otherCertificate)}
			want := []string{test.profile, test.base, test.audience, test.certificate, test.kid, test.other}
			if err != nil || strings.Join(got, " ") != strings.Join(want, " ") || o.Statements.Fetch == nil || !o.Statements.Fresh {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
		})
	}
}

// The page on the command explains every flag.
func TestFlagsAreExplained(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "conform.md"))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	(&options{}).declare(flags)
	flags.VisitAll(func(f *flag.Flag) {
		seen++
		if !bytes.Contains(page, []byte("`--"+f.Name+"`")) {
			t.Errorf("--%s is not in docs/conform.md", f.Name)
		}
	})
	if seen < 20 {
		t.Errorf("only %d flags", seen)
	}
}
