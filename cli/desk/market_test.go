package desk

import (
	"maps"
	"strings"
	"testing"
)

// TestLintOtherProfiles holds lint's findings against a gate's for requests that are not OBIE's: also those that are never
// signed, which are sent as they are.
func TestLintOtherProfiles(t *testing.T) {
	for _, c := range []struct {
		name, profile string
		change        map[string]any
		cert          func(*world) string
		body          func(string) string
		want          string
	}{
		{name: "generic", profile: "generic-0.1", change: map[string]any{"id_token_encrypted_response_alg": "RSA-OAEP"}},
		{name: "generic, a cipher alone", profile: "generic-0.1", change: map[string]any{"id_token_encrypted_response_enc": "A256GCM"}, want: "encryption"},
		{name: "CDR", profile: "cdr-au", want: "dictionary.pattern"},
		{name: "plain", profile: "is-json"},
		{name: "plain, another's name", profile: "is-json", change: map[string]any{"client_name": "A Bank"}, want: "client_name"},
		{name: "plain, with another's certificate", profile: "is-json", cert: func(w *world) string { return w.made.other.TransportCert }, want: "statement.certificate"},
		{name: "plain, a member twice", profile: "is-json", body: func(body string) string { return strings.Replace(body, "{", `{"iss":"a",`, 1) }, want: "request.json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			maps.Copy(w.request, c.change)
			if c.cert != nil {
				w.cert = c.cert(w)
			}
			body := string(w.claims())
			if c.profile != "is-json" {
				body = w.signed()
			}
			if c.body != nil {
				body = c.body(body)
			}
			want := w.gateOf(c.profile, body)
			if c.want == "" && len(want) > 0 || c.want != "" && (len(want) == 0 || want[0].Rule != c.want) {
				t.Fatalf("the gate found %+v", want)
			}
			var got linted
			code := answer(t, &got, append([]string{"lint", w.write("request", body), "--profile", c.profile}, w.files()...)...)
			sameFindings(t, got.Findings, want)
			if code != min(len(want), 1) {
				t.Errorf("code %d", code)
			}
		})
	}
	w := newWorld(t)
	var got linted
	answer(t, &got, "lint", w.write("request", w.signed()), "--profile", "is-json", "--directory", w.at("directory.yaml"))
	if len(got.Findings) != 1 || got.Findings[0].Rule != "request.json" {
		t.Errorf("a signed request for plain JSON: %+v", got.Findings)
	}
}
