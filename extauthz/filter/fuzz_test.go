package filter_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// FuzzAuthorization sends a good token in whatever way: it is accepted in the one place and form where RFC 6750 has it,
// nothing else is, and every refusal is one of RFC 6750, section 3.1.
func FuzzAuthorization(f *testing.F) {
	w := newWorld(f)
	good, _ := w.token(w.client(), "accounts")
	chain := w.chain("certificate", "bearer")
	const mark = "TOKEN" // stands for the token, which is another one in each run
	for _, seed := range [][4]string{
		{"Bearer TOKEN", "", "", ""}, {"bearer  TOKEN", "", "", ""}, {"", "", "", ""}, {"Bearer", "", "", ""}, {"Bearer TOKEN,Bearer TOKEN", "", "", ""},
		{"Basic TOKEN", "", "", ""}, {"Bearer TOKEN=", "", "", ""}, {"Bearer TOKEN ", "", "", ""}, {"Bearer\x00TOKEN", "", "", ""},
		{"Bearer TOKEN", "access_token=TOKEN", "", ""}, {"Bearer TOKEN", "a=%zz", "", ""}, {"Bearer TOKEN", "a;access_token=x", "", ""},
		{"Bearer TOKEN", "", formType, "access_token=TOKEN"}, {"Bearer TOKEN", "", formType, "a=b"}, {"Bearer TOKEN", "", "text/plain", "access_token=TOKEN"},
		{"Bearer xTOKEN", "", "", ""}, {"Bearer ....", "", "", ""}, {"Bearer \u00df", "", "", ""}, {"Digest a=b, c=d", "", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, authorization, query, contentType, body string) {
		fill := func(text string) string { return strings.ReplaceAll(text, mark, good) }
		r := w.request(nil, fill(body))
		r.Header = http.Header{"Authorization": {fill(authorization)}, "Content-Type": {contentType}}
		r.Query = fill(query)
		err := w.in(t).run(chain, r)
		if err == nil {
			scheme, rest, _ := strings.Cut(fill(authorization), " ")
			if !strings.EqualFold(scheme, "Bearer") || strings.TrimLeft(rest, " ") != good || r.Token == nil {
				t.Fatalf("accepted: %q", authorization)
			}
			return
		}
		if r.Token != nil {
			t.Errorf("refused, but the token is proved: %v", err)
		}
		refusal, ok := errors.AsType[*dcr.Error](err)
		if !ok || refusal.Status != http.StatusUnauthorized && refusal.Status != http.StatusBadRequest {
			t.Errorf("%q: not a refusal of RFC 6750: %v", authorization, err)
		}
		if verdict(t, err); strings.Contains(err.Error(), good) {
			t.Error("the refusal, which is logged, quotes the token")
		}
	})
}
