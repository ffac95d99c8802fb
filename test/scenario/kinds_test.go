package scenario

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// TestKindsOfCertificates: what the sandbox's directory makes lives a client's life, with each type of certificate and key.
func TestKindsOfCertificates(t *testing.T) {
	t.Parallel()
	for _, order := range []harness.Order{
		{Kind: "ob_legacy", Key: "P-256"}, {Kind: "obwac"}, {Kind: "obwac", Key: "P-256"}, {Kind: "qwac"}, {Kind: "qwac", Key: "P-256", Roles: []string{"AISP"}},
	} {
		for _, method := range []string{"private_key_jwt", "tls_client_auth"} {
			t.Run(order.Kind+" "+order.Key+" "+method, func(t *testing.T) {
				t.Parallel()
				p := enrol(t, gateway, order)
				p.AuthMethod = method
				c := p.register(t, nil)
				form := c.form(nil)
				if method == "tls_client_auth" {
					form = c.form(url.Values{"client_assertion": {absent}, "client_assertion_type": {absent}, "client_id": {c.id}})
				}
				if answer := c.do(t, call{method: "DELETE", url: c.url, header: bearer(c.tokenOf(t, form))}); answer.Status != http.StatusNoContent {
					t.Errorf("%s", answer)
				}
			})
		}
	}
}
