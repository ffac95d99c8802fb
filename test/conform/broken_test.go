package conform

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/cli/conform"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// Conform finds what is wrong with a bank, and finds nothing else.
func TestBrokenBanks(t *testing.T) {
	t.Parallel()
	registers := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/register") }
	manages := func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/register/") }
	replace := func(a *harness.Answer, old, new string) { a.Body = bytes.ReplaceAll(a.Body, []byte(old), []byte(new)) }
	for _, test := range []struct {
		name   string
		change func(r *http.Request, a *harness.Answer)
		fails  string
	}{
		{"other statuses", func(_ *http.Request, a *harness.Answer) {
			switch a.Status {
			case http.StatusCreated:
				a.Status = http.StatusOK
			case http.StatusNoContent:
				a.Status, a.Body = http.StatusOK, []byte("{}")
			case http.StatusNotAcceptable, http.StatusUnsupportedMediaType:
				a.Status = http.StatusBadRequest
			}
		}, "REG-01 REG-11 REG-12 REG-13 REG-14 REG-15 REG-16 MGT-10 MGT-14 MET-21 EDG-01 EDG-02 EDG-03"},
		{"404 for 401", func(r *http.Request, a *harness.Answer) {
			if manages(r) && a.Status == http.StatusUnauthorized {
				a.Status = http.StatusNotFound
			}
		}, "MGT-11 MGT-12 MGT-15 MGT-16 MGT-17 MGT-18 BEA-01 BEA-02 BEA-03 BEA-04 BEA-05 BEA-06 BEA-07 BEA-08 BEA-09 BEA-10 BEA-11 BEA-16"},
		{"headers that are not there, or say something else", func(_ *http.Request, a *harness.Answer) {
			a.Header.Del("WWW-Authenticate")
			a.Header.Del("Cache-Control")
			a.Header.Set("X-Fapi-Interaction-Id", "none")
		}, "REG-10 REG-17 REG-18 MGT-11 MGT-12 MGT-15 MGT-17 MGT-18 MGT-19 TOK-04 BEA-01 BEA-02 BEA-03 BEA-04 BEA-06 BEA-09 BEA-10 BEA-11 BEA-16 EDG-05"},
		{"other members and codes", func(r *http.Request, a *harness.Answer) {
			if registers(r) {
				replace(a, `"client_id_issued_at":`, `"client_secret":null,"client_id_issued_at":"a","x":`)
				replace(a, `"software_statement":"ey`, `"iss":"a","software_statement":"e`)
			}
			replace(a, `"token_type":"Bearer"`, `"token_type":"MAC","refresh_token":"a"`)
			replace(a, "invalid_redirect_uri", "invalid_request")
			replace(a, "invalid_client\"", "access_denied\"")
		}, "REG-04 REG-06 REG-07 REG-08 REG-09 MGT-01 MGT-08 MGT-13 MET-21 TOK-01 TOK-02 TOK-06 TOK-07 EDG-04 EDG-07 " + numbered("AST", 1, 17) + " " + numbered("RED", 1, 13)},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, report := judge(t, append(newBank(t, test.change).flags(t), "--tpp", strconv.Itoa(brokenTPP))...)
			var fails []string
			for _, result := range report.Results {
				if result.Outcome == conform.Fails {
					fails = append(fails, result.ID)
					t.Logf("%s: %q", result.ID, result.Because)
				}
			}
			want := strings.Fields(test.fails)
			slices.Sort(want)
			slices.Sort(fails)
			if !slices.Equal(fails, want) || report.Stopped != "" || (code == 1) != (len(want) > 0) {
				t.Errorf("code %d, stopped %q\nfails %v\nwant  %v", code, report.Stopped, fails, want)
			}
		})
	}
}

// numbered are the ids of cases that follow each other.
func numbered(subject string, from, to int) string {
	var ids []string
	for n := from; n <= to; n++ {
		ids = append(ids, fmt.Sprintf("%s-%02d", subject, n))
	}
	return strings.Join(ids, " ")
}
