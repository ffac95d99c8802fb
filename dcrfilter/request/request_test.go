package request

import (
	"net/http"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// TestRefusalsFitTheFault: a refusal says what is wrong with a body and where, and its fix fits the profile.
func TestRefusalsFitTheFault(t *testing.T) {
	plain, signed := &dcr.Profile{Body: dcr.BodyJSON, ContentTypes: []string{"application/json"}}, &dcr.Profile{Body: dcr.BodyJWS}
	for _, c := range []struct {
		profile             *dcr.Profile
		body, rule, because string
	}{
		{plain, "", "request.empty", "the body is empty; it must be the claims of the registration request, a JSON object"},
		{signed, "", "request.empty", "the body is empty; it must be a signed registration request, a compact JWS"},
		{plain, `{"a":1,}`, "request.json", ": a comma stands before the closing bracket at character 8"},
		{plain, `{'a':1}`, "request.json", ": quotation marks must be double, not single as at character 2"},
		{plain, `{"a":1,"a":2}`, "request.json", ": a is named twice"},
		{plain, `[]`, "request.json", ": it is an array"},
		{plain, "eyJhbGciOiJQUzI1NiJ9.e30.c2ln", "request.json", ": it is a JWS, and this path takes requests that are not signed"},
		{plain, `{"a":"` + strings.Repeat("x", maxBytes) + `"}`, "request.json", ": it is larger than 65536 bytes"},
		{plain, `{"a":[` + strings.Repeat("1,", 4096) + `1]}`, "request.json", ": it has more than 4096 values"},
		{signed, `"eyJhbGciOiJQUzI1NiJ9.e30.c2ln"`, "request.jws.base64", ": character 1 is a quotation mark"},
		{signed, `request=eyJhbGciOiJQUzI1NiJ9.e30.c2ln`, "request.jws.base64", ": character 8 is ="},
		{signed, "eyJhbGciOiJQUzI1NiIsImtpZCI6ImsifQ.e30.c2ln\n", "request.jws.base64", ": character 44 is a line break"},
	} {
		_, err := Read(c.profile, []byte(c.body))
		refusal := dcr.AsRefusal(err)
		if refusal.Rule != c.rule || !strings.HasSuffix(refusal.Because, c.because) {
			t.Errorf("%.40s: got %s, %q, want %s, ...%q", c.body, refusal.Rule, refusal.Because, c.rule, c.because)
		}
	}
	refusal := dcr.AsRefusal(CheckContentType(http.Header{"Content-Type": {"application/jwt"}}, plain))
	if refusal.Rule != "content_type" || !strings.HasSuffix(refusal.Because, "application/json") || strings.Contains(refusal.Fix, "jwt") {
		t.Errorf("a wrong media type: %s, %q, %q", refusal.Rule, refusal.Because, refusal.Fix)
	}
}
