package filter_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// verdict is what a filter says, as tests write it: "" for yes, "fault" for an error that is no refusal (a 503), and
// for a refusal "status code rule". It checks what every refusal must be.
func verdict(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	refusal, ok := errors.AsType[*dcr.Error](err)
	if !ok {
		return "fault"
	}
	if refusal.Because == "" || len(refusal.Because) > 200 || !sentence(refusal.Because) {
		t.Errorf("%s: the sentence must be of 1 to 200 printable ASCII characters without quotes: %q", refusal.Rule, refusal.Because)
	}
	status, header, _ := refusal.Answer("")
	challenge := header.Get("WWW-Authenticate")
	scheme := map[bool]string{true: "Basic", false: "Bearer"}[refusal.Class == dcr.NoCredential]
	if (status == http.StatusUnauthorized) && !strings.HasPrefix(challenge, scheme+` realm="`) {
		t.Errorf("%s: the challenge of a 401: %q", refusal.Rule, challenge)
	}
	if status == http.StatusUnauthorized && refusal.Code == "" && strings.Contains(challenge, "error") {
		t.Errorf("%s: the challenge to somebody without a token holds an error: %q", refusal.Rule, challenge)
	}
	code := refusal.Code
	if code == "" {
		code = "-"
	}
	return fmt.Sprintf("%d %s %s", status, code, refusal.Rule)
}

func sentence(text string) bool {
	for _, c := range text {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// want fails the test unless the verdict is the one wanted.
func want(t testing.TB, err error, wanted string) {
	t.Helper()
	if got := verdict(t, err); got != wanted {
		t.Errorf("got %q, want %q: %v", got, wanted, err)
	}
}
