package conform

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"
	"testing"
)

func aReport() *Report {
	r := &Report{Profile: "obie-3.3", Standard: "OBIE DCR 3.3", Endpoint: "https://bank.example.com/register", At: "2026-11-21T12:00:00Z"}
	r.add(Result{ID: "REG-01", Title: "a title", Outcome: Holds})
	r.add(Result{ID: "REG-02", Title: `<&">`, Outcome: Fails, Because: []string{`came "<b>"`, "and more"}, Clause: "RFC 1", Sentence: "It MUST."})
	r.add(Result{ID: "REG-03", Title: "another", Outcome: Skipped, Because: []string{"a reason"}})
	r.Stopped = "a client is left behind"
	return r
}

func TestText(t *testing.T) {
	text := aReport().Text()
	for _, want := range []string{
		"holds    REG-01  a title\n", "FAILS    REG-02", "           and more\n", `RFC 1: "It MUST."`, "skipped  REG-03", "1 hold, 1 fail, 1 skipped\n",
		"stopped: a client is left behind\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestJUnit(t *testing.T) {
	text, err := aReport().JUnit()
	if err != nil {
		t.Fatal(err)
	}
	var read suites
	if err := xml.Unmarshal(text, &read); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	s := read.Suite
	if s.Tests != 3 || s.Failures != 1 || s.Skipped != 1 || len(s.Cases) != 3 {
		t.Fatalf("got %+v", s)
	}
	if c := s.Cases[0]; c.Failure != nil || c.Skipped != nil || c.Class != "obie-3.3" || c.Name != "REG-01 a title" {
		t.Errorf("what holds is %+v", c)
	}
	if c := s.Cases[1]; c.Failure == nil || c.Name != `REG-02 <&">` || c.Failure.Message != `came "<b>"; and more` || c.Failure.Text != "RFC 1: It MUST." {
		t.Errorf("what fails is %+v", c)
	}
	if c := s.Cases[2]; c.Skipped == nil || c.Skipped.Message != "a reason" {
		t.Errorf("what is skipped is %+v", c)
	}
}

// No report of a whole run holds a token or a software statement, in any of its forms.
func TestReportsHoldNoTokens(t *testing.T) {
	b, setup := newBank(t)
	statement, err := b.statement()
	if err != nil {
		t.Fatal(err)
	}
	setup.Statements = Statements{Fetch: func(context.Context) (string, error) { return statement, nil }}
	b.refuse = func(r *http.Request) (int, string) { // and says what it was sent
		if r.Method != http.MethodGet || r.Header.Get("Authorization") == "" {
			return 0, ""
		}
		return http.StatusTeapot, `{"error":"invalid_token","error_description":"` + r.Header.Get("Authorization") + " " + statement + `"}`
	}
	report, err := Judge(t.Context(), setup)
	if err != nil {
		t.Fatal(err)
	}
	junit, err := report.JUnit()
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	for form, text := range map[string]string{"text": report.Text(), "JUnit": string(junit), "JSON": string(asJSON)} {
		for _, secret := range []string{"an-opaque-token-of-the-bank", statement[:40], "eyJ"} {
			if strings.Contains(text, secret) {
				t.Errorf("the report as %s holds a secret: %.12s...", form, secret)
			}
		}
		if !strings.Contains(text, "(hidden)") {
			t.Errorf("the report as %s hides nothing: the test proves nothing", form)
		}
	}
}
