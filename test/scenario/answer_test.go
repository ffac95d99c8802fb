package scenario

import (
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

const interactionID = "X-Fapi-Interaction-Id"

var (
	uuidForm      = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	challengeForm = regexp.MustCompile(`^Bearer .+`) // OBIE's OpenAPI document
	// Where a registration is, which has errors of its own.
	registrationForm = regexp.MustCompile(`^/open-banking/v3\.[23]/register(/[0-9A-Za-z_-]+)?$`)
	asciiForm        = regexp.MustCompile(`^[ -~]{1,500}$`)
)

func newUUID() string { return uuid.NewString() }

// registrationErrors are all that a refused registration may say (RFC 7591, section 3.2.2).
var registrationErrors = []string{
	"invalid_redirect_uri", "invalid_client_metadata", "invalid_software_statement", "unapproved_software_statement",
}

// checkAnswer checks what holds for every answer to every request.
func checkAnswer(t *testing.T, request *http.Request, a *harness.Answer) {
	t.Helper()
	checkInteraction(t, request.Header.Values(interactionID), a)
	if date, err := http.ParseTime(a.Header.Get("Date")); err != nil || time.Since(date).Abs() > time.Minute {
		t.Errorf("%s: Date is %q", a, a.Header.Get("Date"))
	}
	for name, want := range map[string]string{"Strict-Transport-Security": "max-age=31536000", "X-Content-Type-Options": "nosniff"} {
		if got := a.Header.Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %s is %q, want %q", a, name, got, want)
		}
	}
	for name := range a.Header {
		if strings.HasPrefix(name, "X-Dcr-") || strings.HasPrefix(name, "X-Envoy-") || name == "Server" {
			t.Errorf("%s: the header %s tells of the inside", a, name)
		}
	}
	if a.Status >= http.StatusBadRequest {
		checkRefusal(t, request, a)
	}
	if path := request.URL.Path; strings.Contains(path, "/register") || strings.HasPrefix(path, "/oauth2/") && path != "/oauth2/jwks" {
		checkSecret(t, a)
	}
}

// checkInteraction: a client's id is repeated if it is one UUID; whatever else it sent, it gets a fresh one.
func checkInteraction(t *testing.T, sent []string, a *harness.Answer) {
	t.Helper()
	got := a.Header.Values(interactionID)
	switch {
	case len(got) != 1 || !uuidForm.MatchString(got[0]):
		t.Errorf("%s: %s is %q, want one UUID", a, interactionID, got)
	case len(sent) == 1 && uuidForm.MatchString(sent[0]) && got[0] != sent[0]:
		t.Errorf("%s: %s is %s, want the client's %s", a, interactionID, got[0], sent[0])
	case len(sent) > 1 && slices.Contains(sent, got[0]) && !byEnvoy(a): // Envoy looks at the first alone
		t.Errorf("%s: %s repeats one of several", a, interactionID)
	}
}

// byEnvoy says whether Envoy refused by itself: it names no rule.
func byEnvoy(a *harness.Answer) bool {
	return a.Status >= http.StatusBadRequest && a.Refusal().Rule() == ""
}

// checkSecret: "the authorization server MUST include the HTTP Cache-Control response header field with a value of
// no-store" (RFC 6749, section 5.1); an answer with a body is JSON and nothing else.
func checkSecret(t *testing.T, a *harness.Answer) {
	t.Helper()
	for name, want := range map[string]string{"Cache-Control": "no-store", "Pragma": "no-cache", "X-Content-Type-Options": "nosniff"} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: %s is %q, want %q", a, name, got, want)
		}
	}
	if len(a.Body) == 0 {
		return
	}
	if media, _, err := mime.ParseMediaType(a.Header.Get("Content-Type")); err != nil || media != "application/json" {
		t.Errorf("%s: Content-Type is %q, want application/json", a, a.Header.Get("Content-Type"))
	}
}

// checkRefusal checks that a refusal has the form of all refusals, and the headers that its status needs.
func checkRefusal(t *testing.T, request *http.Request, a *harness.Answer) {
	t.Helper()
	checkSecret(t, a)
	if request.Method != http.MethodHead {
		body := a.JSON(t)
		code, _ := body["error"].(string)
		description, _ := body["error_description"].(string)
		if code == "" || !asciiForm.MatchString(description) {
			t.Errorf("%s: error is %q and error_description %q, want printable ASCII of 1 to 500 characters", a, code, description)
		}
		signed := request.Method == http.MethodPost || request.Method == http.MethodPut && a.Header.Get("WWW-Authenticate") == ""
		if a.Status == http.StatusBadRequest && signed && registrationForm.MatchString(request.URL.Path) && a.Refusal().Rule() != "" && a.Refusal().Rule() != "host.form" &&
			!slices.Contains(registrationErrors, code) { // without a rule it is Envoy, which could not read the request
			t.Errorf("%s: error is not one of %v", a, registrationErrors)
		}
	}
	for status, name := range map[int]string{http.StatusMethodNotAllowed: "Allow", http.StatusServiceUnavailable: "Retry-After"} {
		if a.Status == status && a.Header.Get(name) == "" {
			t.Errorf("%s: there is no %s", a, name)
		}
	}
	asksPassword := strings.HasPrefix(a.Refusal().Rule(), "basic.") // of no OBIE endpoint
	if challenge := a.Header.Get("WWW-Authenticate"); a.Status == http.StatusUnauthorized && !asksPassword && !challengeForm.MatchString(challenge) {
		t.Errorf("%s: WWW-Authenticate is %q, want %s", a, challenge, challengeForm)
	}
}

// want is the answer that a row of a table expects. rule is "" where Envoy refuses by itself.
type want struct {
	status     int
	code, rule string
}

// The refusals of a registration.
func metadata(rule string) want { return want{http.StatusBadRequest, "invalid_client_metadata", rule} }
func redirect(rule string) want { return want{http.StatusBadRequest, "invalid_redirect_uri", rule} }
func unfit(rule string) want    { return want{http.StatusBadRequest, "invalid_software_statement", rule} }
func unapproved(rule string) want {
	return want{http.StatusBadRequest, "unapproved_software_statement", rule}
}

// The refusals of a bearer token and of a client's authentication.
func badToken(rule string) want  { return want{http.StatusUnauthorized, "invalid_token", rule} }
func badClient(rule string) want { return want{http.StatusUnauthorized, "invalid_client", rule} }

func (w want) check(t *testing.T, a *harness.Answer) {
	t.Helper()
	r := a.Refusal()
	if a.Status != w.status || r.Code != w.code || r.Rule() != w.rule {
		t.Errorf("got %s\nwant %d %s (%s)", a, w.status, w.code, w.rule)
	}
}
