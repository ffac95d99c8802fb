package filter_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

func TestScope(t *testing.T) {
	w := newWorld(t)
	const insufficient = "403 insufficient_scope scope.missing"
	chain := w.chain("certificate", "bearer", "scope")
	client := w.client(func(c *dcrpb.Client) {
		c.Scopes = []string{"accounts", "payments", "openid", "account", "accounts:read", "Accounts"}
	})
	tests := []struct{ name, granted, needed, want string }{
		{"the one", "accounts", "accounts", ""},
		{"one of two", "openid accounts", "accounts", ""},
		{"both", "payments accounts", "accounts payments", ""},
		{"another", "payments", "accounts", insufficient},
		{"none", "", "accounts", insufficient},
		{"one of two that are needed", "accounts", "accounts payments", insufficient},
		{"the beginning of it", "account", "accounts", insufficient},
		{"it with more behind", "accounts:read", "accounts", insufficient},
		{"in other letters", "Accounts", "accounts", insufficient},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			compact, _ := w.in(t).token(client, strings.Fields(test.granted)...)
			r := w.request(map[string]string{"Authorization": "Bearer " + compact}, "")
			r.Route.Scopes = strings.Fields(test.needed)
			err := w.in(t).run(chain, r)
			want(t, err, test.want)
			if test.want != insufficient {
				return
			}
			status, header, _ := dcr.AsRefusal(err).Answer("")
			if challenge := header.Get("WWW-Authenticate"); status != http.StatusForbidden ||
				!strings.HasSuffix(challenge, `, scope="`+test.needed+`"`) || !strings.Contains(challenge, `error="insufficient_scope"`) {
				t.Errorf("the challenge does not name what is needed: %d %s", status, challenge)
			}
			if because := dcr.AsRefusal(err).Because; because != "this resource needs the scope "+test.needed+", and the access token was not granted all of it" {
				t.Errorf("the sentence does not name what is needed: %s", because)
			}
		})
	}
}
