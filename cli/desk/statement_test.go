package desk

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestShowStatement(t *testing.T) {
	w := newWorld(t)
	keys, foreign := w.fetch("directory.jwks", w.made.directory.KeysURL()), w.fetch("foreign.jwks", w.made.member.JWKS)
	fromDirectory := []string{"--directory", w.at("directory.yaml")}
	text, err := os.ReadFile(w.at("directory.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	strict := w.write("strict.yaml", string(text)+"\nalgorithms: [PS256]\n")
	for _, test := range []struct {
		name      string
		spoil     func(*world)
		flags     []string
		signature string
		code      int
		rule      string
		want      []string
	}{
		{"not verified", nil, nil, notChecked, 0, "", []string{
			"signature NOT CHECKED: trust nothing below", "as the directory openbanking-uk-sandbox", "software id      " + w.made.member.SoftwareID,
			"roles            AISP PISP", "scopes of these  accounts openid payments", "(a gate accepts it for 30 min 0 s)", "s ago)",
		}},
		{"verified", nil, append(fromDirectory, "--jwks", keys), verified, 0, "", []string{"signature verified with the given key set", "as the directory desk"}},
		{"verified with other keys", nil, []string{"--jwks", foreign}, wrong, 1, "statement.signature", []string{"signature WRONG"}},
		{"signed with what its directory does not sign with", func(w *world) { w.ssa.Header = map[string]any{"alg": "ES256"} },
			[]string{"--directory", strict, "--jwks", keys}, wrong, 1, "statement.algorithm", []string{"signature WRONG"}},
		{"of another environment", claim("software_environment", `"production"`), nil, notChecked, 0, "", []string{"as the directory openbanking-uk reads it\n"}},
		{"of an environment that is no text", claim("software_environment", "7"), nil, notChecked, 1, "statement.environment", []string{"an environment that its issuer is trusted for here: sandbox"}},
		{"without an issuer", func(w *world) { w.ssa.Omit = []string{"iss"} }, nil, notChecked, 1, "statement.iss", nil},
		{"too old", claim("iat", "1600000000"), nil, notChecked, 1, "statement.times.iat", []string{"2020-09-13 12:26:40 UTC", ": too old"}},
		{"old enough then", claim("iat", "1600000000"), []string{"--at", "2020-09-13T12:30:00Z"}, notChecked, 0, "", []string{"age              issued 3 min 20 s ago"}},
		{"not issued yet", claim("iat", "1600000000"), []string{"--at", "2020-09-12T12:26:40Z"}, notChecked, 1, "statement.times.iat", []string{"in 1 d 0 h"}},
		{"withdrawn", claim("org_status", `"Withdrawn"`), nil, notChecked, 1, "statement.status", []string{"status           Withdrawn"}},
		{"without roles", func(w *world) { w.ssa.Omit = []string{"software_roles"} }, nil, notChecked, 1, "statement.missing", nil},
		{"of RS256", func(w *world) { w.ssa.Header = map[string]any{"alg": "RS256"} }, []string{"--jwks", keys}, notChecked, 1, "statement.jws.alg",
			[]string{"NOT CHECKED", "alg  RS256"}},
		{"of nobody's", claim("iss", `"Somebody Ltd"`), []string{"--jwks", keys}, notChecked, 1, "statement.issuer", []string{"name its directory with --directory"}},
		{"of another directory than named", claim("iss", `"Somebody Ltd"`), []string{"--directory", "openbanking-uk"}, notChecked, 1, "statement.issuer", nil},
		{"that writes to the terminal in an array", claim("software_contacts", "[\"a\u009b2Jb\"]"), nil, notChecked, 0, "", []string{"[\"a\ufffd2Jb\"]"}},
		{"whose roles write to the terminal", claim("software_roles", `["AISP\u001b[2J"]`), nil, notChecked, 1, "statement.roles statement.authorised", []string{"roles            AISP\ufffd[2J"}},
		{"that writes to the terminal", claim("software_client_name", `"a\u001b[2Jb"`), nil, notChecked, 0, "", []string{"a\ufffd[2Jb"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			if test.spoil != nil {
				test.spoil(w)
			}
			ssa := w.statement()
			arguments := append([]string{"ssa", "show", w.write("ssa.jwt", ssa+"\n")}, test.flags...)
			var shown struct {
				Signature string
				Findings  []finding
			}
			code := answer(t, &shown, arguments...)
			if rules := strings.Join(rulesOf(shown.Findings), " "); code != test.code || rules != test.rule || shown.Signature != test.signature {
				t.Errorf("code %d, signature %s, found %s", code, shown.Signature, rules)
			}
			stdout, _, _ := run(t, append(arguments, "--claims")...)
			for _, want := range test.want {
				if !strings.Contains(stdout, want) {
					t.Errorf("%q is missing in\n%s", want, stdout)
				}
			}
			if strings.Contains(stdout, "signature verified") != (test.signature == verified) || strings.Contains(stdout, strings.Split(ssa, ".")[2]) {
				t.Errorf("the signature: %s", stdout)
			}
		})
	}
}

func TestShowStatementFromStandardInput(t *testing.T) {
	w := newWorld(t)
	file, err := os.Open(w.write("ssa.jwt", w.statement()))
	ok(t, err)
	defer file.Close()
	was := os.Stdin
	os.Stdin = file
	defer func() { os.Stdin = was }()
	if stdout, stderr, code := run(t, "ssa", "show", "-"); code != 0 || !strings.Contains(stdout, w.made.member.SoftwareID) {
		t.Errorf("code %d: %s%s", code, stdout, stderr)
	}
}

func TestShowStatementRefuses(t *testing.T) {
	w := newWorld(t)
	for name, text := range map[string]string{"nothing": "", "two parts": "a.b", "no base64": "!.e30.a", "no JSON": "YQ.e30.a", "no JSON in the payload": "e30.YQ.a"} {
		if stdout, stderr, code := run(t, "ssa", "show", w.write("ssa.jwt", text)); code != 2 || stdout != "" || stderr == "" {
			t.Errorf("%s: code %d, %s%s", name, code, stdout, stderr)
		}
	}
	if _, stderr, code := run(t, "ssa", "show", w.write("large", strings.Repeat("a", maxFile+1))); code != 2 || !strings.Contains(stderr, "larger than") {
		t.Errorf("code %d: %s", code, stderr)
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 1500 * time.Millisecond: "1 s", 90 * time.Second: "1 min 30 s", 3 * time.Hour: "3 h 0 min", 49 * time.Hour: "2 d 1 h",
	} {
		if got := span(d); got != want {
			t.Errorf("%s: got %s, want %s", d, got, want)
		}
	}
}
