package scenario

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// A TPP that has ten mistakes learns of all ten at once, each with its place; a stranger with the same request learns one
// thing.
func TestAllFindingsAtOnce(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	request := p.Request()
	for name, value := range map[string]any{
		"aud": "another", "software_id": "another", "jwks": map[string]any{}, "application_type": "desktop", "request_object_signing_alg": 7,
		"grant_types": []string{"authorization_code", "password", "implicit"}, "scope": "openid unknown",
		"redirect_uris": append(append([]string{}, p.RedirectURIs...), "http://tpp.example/", p.RedirectURIs[0]),
	} {
		request.Claims[name] = value
	}
	delete(request.Claims, "id_token_signed_response_alg")
	want := []string{
		"dictionary.values /application_type", "dictionary.values /grant_types/1", "dictionary.values /grant_types/2",
		"dictionary.required /id_token_signed_response_alg", "dictionary.type /request_object_signing_alg", "software_id /software_id",
		"audience /aud", "keys.jwks /jwks", "redirect_uris.https " + item(len(p.RedirectURIs)),
		"scope.unknown /scope",
	}
	answer := p.post(t, request)
	if have := findings(answer); strings.Join(have, ", ") != strings.Join(want, ", ") {
		t.Errorf("have %q\nwant %q", have, want)
	}
	explained(t, p, answer)
	request.Key = newTPP(t).Signing
	if have := findings(p.post(t, request)); len(have) != 1 || have[0] != "request.signature " {
		t.Errorf("a stranger reads %q", have)
	}
}

// More findings than an answer has room for: what reaches the TPP is JSON, and counts those that it leaves out.
func TestMoreFindingsThanAnAnswerHolds(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	request := p.Request()
	var wrong []string
	for n := range 60 {
		wrong = append(wrong, fmt.Sprintf("https://elsewhere.example/%d", n))
	}
	request.Claims["redirect_uris"] = wrong
	answer := p.post(t, request)
	var refusal struct {
		Details []struct{ Rule string } `json:"error_details"`
		Omitted int                     `json:"error_details_omitted"`
	}
	if err := json.Unmarshal(answer.Body, &refusal); err != nil {
		t.Fatalf("%d bytes: %v", len(answer.Body), err)
	}
	if listed := len(refusal.Details); answer.Status != http.StatusBadRequest || listed < 20 || listed+refusal.Omitted != len(wrong) {
		t.Errorf("%d: %d findings are listed and %d counted", answer.Status, listed, refusal.Omitted)
	}
}

func item(n int) string { return fmt.Sprintf("/redirect_uris/%d", n) }

// findings are the details of a refusal, each as its rule and its place. Each says what to do.
func findings(answer *harness.Answer) []string {
	var found []string
	for _, detail := range answer.Refusal().Details {
		found = append(found, detail.Rule+" "+detail.Pointer)
		if detail.Description == "" || detail.Clause == "" {
			found = append(found, "says too little")
		}
	}
	return found
}

// explained follows the links of a refusal: anybody may, and each leads to its rule.
func explained(t *testing.T, p *tpp, answer *harness.Answer) {
	t.Helper()
	page, rest, _ := strings.Cut(answer.Refusal().Details[0].Help, "#")
	if rest == "" {
		t.Fatal("there is no link")
	}
	explanation := p.do(t, call{method: "GET", url: page, anonymous: true})
	if explanation.Status != http.StatusOK || explanation.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%s: %s", page, explanation)
	}
	for _, detail := range answer.Refusal().Details {
		if detail.Help != page+"#"+detail.Rule || !strings.Contains(string(explanation.Body), `<tr id="`+detail.Rule+`">`) {
			t.Errorf("%s is not explained at %s", detail.Rule, detail.Help)
		}
	}
}
