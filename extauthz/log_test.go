package extauthz

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"
)

// logLine is a line of the log.
type logLine struct {
	Msg, Level                                                    string
	ID, Outcome, Route, Method, Rule, Error, Interaction, Version string
	Client, Software, Org, Certificate, Cause, Chain, Findings    string
	Status                                                        int
	Took                                                          *int64 `json:"took_us"`
}

// decided returns the one line that a question left, and fails where there are more or fewer, or where one of the
// secrets stands in it.
func (w *world) decided(t *testing.T, a ask, secrets []string) (answer, logLine) {
	t.Helper()
	w.log.Take()
	got := w.check(a)
	text := w.log.Take()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("the log holds %.20s...: %s", secret, text)
		}
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != 1 {
		t.Fatalf("%d lines, want one: %s", len(lines), text)
	}
	var line logLine
	if err := json.Unmarshal([]byte(lines[0]), &line); err != nil {
		t.Fatal(err)
	}
	return got, line
}

// secrets are what must never be in a log: each text, each part of a JWS, and each long run of a body.
func secrets(texts ...string) (all []string) {
	for _, text := range texts {
		for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '.' || r == '\n' || r == '&' || r == '=' }) {
			if len(part) > 20 {
				all = append(all, part, part[:20], part[len(part)-20:])
			}
		}
	}
	return all
}

// TestLog asks for the one line of each decision, be it a yes, a no or a fault.
func TestLog(t *testing.T) {
	w := newWorld(t)
	compact, _ := w.token("accounts")
	foreign, _ := w.token()
	request, err := w.tpp.TokenRequest("")
	asking := w.askFor("token", request, err)
	form, err := url.ParseQuery(string(asking.body))
	w.must(err)
	tampered := w.registering()
	tampered.body = append(append([]byte{}, tampered.body[:len(tampered.body)-8]...), "AAAAAAAA"...)
	updating := w.ask("client", "GET", "/register/x"+w.client.GetId()[1:], [2]string{"authorization", "Bearer " + foreign})
	odd := w.reading(compact)
	odd.route, odd.path, odd.method = "", "/secret-path-of-the-client", "SECRET-METHOD-OF-THE-CLIENT"
	hidden := secrets(compact, foreign, string(w.registering().body), string(tampered.body), string(asking.body), form.Get("client_assertion"),
		w.statement, w.member.TransportCert, "secret-path-of-the-client", "SECRET-METHOD-OF-THE-CLIENT")
	known := func(l logLine) bool {
		return l.Client == w.client.GetId() && l.Software == w.member.SoftwareID && l.Org == w.member.OrgID && l.Certificate == w.thumbprint
	}
	tests := []struct {
		name, outcome, rule, level string
		ask                        ask
		known                      bool // who asked
	}{
		{"accounts", "allowed", "", "INFO", w.reading(compact), true},
		{"a token", "allowed", "", "INFO", asking, true},
		{"a registration", "allowed", "", "INFO", w.registering(), false},
		{"a tampered registration", "refused", "request.signature", "INFO", tampered, false},
		{"an invalid token", "refused", "bearer.token", "INFO", w.reading(foreign + "x"), false},
		{"a token twice", "refused", "bearer.methods", "INFO", w.reading(compact).with("authorization", "Bearer "+compact), false},
		{"somebody else's client", "refused", "owner.client", "INFO", updating, true},
		{"no route", "refused", "route.path", "INFO", odd, false},
		{"another version", "failed", "internal", "ERROR", func() ask { a := w.reading(compact); a.version = "x"; return a }(), false},
		{"no certificate", "refused", "certificate.missing", "INFO", func() ask { a := w.reading(compact); a.peer = ""; return a }(), false},
		{"an invalid certificate", "refused", "certificate.form", "INFO", func() ask { a := w.reading(compact); a.peer = "%zz" + a.peer; return a }(), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, line := w.decided(t, test.ask, hidden)
			if line.Msg != "decision" || line.ID != decisionID || line.ID != got.decision || line.Interaction != interactionID {
				t.Errorf("got %+v", line)
			}
			if known := test.ask.version == version; known != (line.Version == version) || !known && (line.Version != "" || line.Cause == "") {
				t.Errorf("a question under %q: got %+v", test.ask.version, line)
			}
			if line.Outcome != test.outcome || line.Rule != test.rule || line.Level != test.level || line.Status != got.status || line.Took == nil {
				t.Errorf("got %+v for %s, want %s by %q at %s", line, got.verdict(), test.outcome, test.rule, test.level)
			}
			stated := strings.Contains(test.name, "registration")
			if named := line.Software == w.member.SoftwareID && line.Org == w.member.OrgID; named != (test.known || stated) {
				t.Errorf("the software product is named: %v, with a verified statement %v: %+v", named, stated, line)
			}
			if known(line) != test.known {
				t.Errorf("who asked is known: %v, want %v: %+v", known(line), test.known, line)
			}
		})
	}
	if len(hidden) < 30 {
		t.Errorf("only %d secrets were looked for", len(hidden))
	}
}

// TestLogOfAnOutage has the cause, which the client is not told.
func TestLogOfAnOutage(t *testing.T) {
	w := newWorld(t)
	compact, _ := w.token("accounts")
	w.redis.Kill()
	got, line := w.decided(t, w.reading(compact), secrets(compact))
	if line.Outcome != "failed" || line.Status != 503 || line.Level != "ERROR" || line.Cause == "" || strings.Contains(got.body, line.Cause) {
		t.Errorf("got %+v, answered %s", line, got.body)
	}
}

// TestLogTimes measures a decision, and each check, by the gate's own clock, which is read twice for each.
func TestLogTimes(t *testing.T) {
	w := newWorld(t)
	config := w.gate.config
	begun := w.now
	config.Now = func() time.Time { begun = begun.Add(time.Millisecond); return begun }
	gate, err := New(config)
	w.must(err)
	gate.Use(w.policy())
	w.gate = gate
	compact, _ := w.token("accounts")
	_, line := w.decided(t, w.reading(compact), nil)
	if line.Took == nil || *line.Took != 7000 || line.Chain != "certificate:1000 bearer:1000 scope:1000" {
		t.Errorf("got %+v, want 7000 microseconds, 1000 for each of three checks", line)
	}
	wrong := w.reading("not-a-token")
	if _, line := w.decided(t, wrong, nil); line.Chain != "certificate:1000 bearer:1000" || !strings.HasPrefix(line.Findings, line.Rule) {
		t.Errorf("got %+v, want a chain that ends with bearer", line)
	}
}

// TestAllowedCallsAreSampled: a busy gate may log some of the calls that it allows, and always everything else.
func TestAllowedCallsAreSampled(t *testing.T) {
	w := newWorld(t)
	compact, _ := w.token("accounts")
	for one, want := range map[int]int{0: 12, 1: 12, 4: 3} {
		w.gate.config.LogOneIn = one
		w.gate.allowed.Store(0)
		w.log.Take()
		for range 12 {
			w.want(t, w.reading(compact), "200")
		}
		if lines := strings.Count(w.log.Take(), "\n"); lines != want {
			t.Errorf("one in %d: %d lines of 12 allowed calls, want %d", one, lines, want)
		}
		for range 3 {
			w.want(t, w.reading(compact+"x"), "401 bearer.token")
			w.want(t, w.registering(), "200")
		}
		if lines := strings.Count(w.log.Take(), "\n"); lines != 6 {
			t.Errorf("one in %d: %d lines of 3 refusals and 3 registrations, want 6", one, lines)
		}
	}
}
