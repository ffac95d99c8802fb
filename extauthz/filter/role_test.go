package filter_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

func TestRole(t *testing.T) {
	w := newWorld(t)
	const missing = "403 access_denied role.missing"
	chain := w.chain("certificate", "bearer", "role")
	tests := []struct{ name, has, needed, want string }{
		{"the one", "AISP", "AISP", ""},
		{"one of two", "PISP AISP", "AISP", ""},
		{"both", "PISP AISP", "AISP PISP", ""},
		{"another", "PISP", "AISP", missing},
		{"a token that says nothing of roles", "", "AISP", missing},
		{"one of two that are needed", "AISP", "AISP PISP", missing},
		{"the beginning of it", "AIS", "AISP", missing},
		{"it with more behind", "AISP2", "AISP", missing},
		{"in other letters", "aisp", "AISP", missing},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client := w.in(t).client()
			client.Software.Roles = strings.Fields(test.has)
			compact, _ := w.in(t).token(client, test.needed) // a scope of the role's name is no role
			r := w.request(map[string]string{"Authorization": "Bearer " + compact}, "")
			r.Route.Roles = strings.Fields(test.needed)
			err := w.in(t).run(chain, r)
			want(t, err, test.want)
			if test.want != missing {
				return
			}
			status, header, body := dcr.AsRefusal(err).Answer("")
			if challenge := header.Get("WWW-Authenticate"); status != http.StatusForbidden || challenge != `Bearer realm="dcr"` {
				t.Errorf("the challenge must name no error that another token could mend: %d %s", status, challenge)
			}
			if strings.Contains(string(body), test.needed) {
				t.Errorf("the answer quotes the configuration: %s", body)
			}
		})
	}
}
