package trust_test

import (
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/internal/cert"
)

const orgID, softwareID = "0015800001HQQrZAAX", "oQ4KoaavpOuoE7rvQsZEOV"

func TestBinds(t *testing.T) {
	owner := &dcr.Software{OrgId: orgID, Id: softwareID, AuthorisationNumber: "123456"}
	legacy := cert.Certificate{CommonName: softwareID, OrganisationalUnit: orgID}
	for _, c := range []struct {
		name  string
		kind  string
		cert  cert.Certificate
		owner *dcr.Software
		want  bool
	}{
		{"legacy", "ob_legacy", legacy, owner, true},
		{"legacy of another software", "ob_legacy", cert.Certificate{CommonName: "other", OrganisationalUnit: orgID}, owner, false},
		{"legacy of another organisation", "ob_legacy", cert.Certificate{CommonName: softwareID, OrganisationalUnit: "other"}, owner, false},
		{"legacy in another case", "ob_legacy", cert.Certificate{CommonName: softwareID, OrganisationalUnit: "0015800001hqqrzaax"}, owner, false},
		{"legacy, nameless", "ob_legacy", cert.Certificate{}, &dcr.Software{}, false},
		{"OBWAC", "obwac", cert.Certificate{CommonName: orgID, AuthorisationNumber: "other"}, owner, true},
		{"OBWAC of another organisation", "obwac", cert.Certificate{CommonName: "other", AuthorisationNumber: "123456"}, owner, false},
		{"OBWAC by its software id", "obwac", cert.Certificate{CommonName: softwareID}, owner, false},
		{"OBWAC, nameless", "obwac", cert.Certificate{}, &dcr.Software{}, false},
		{"QWAC by number", "qwac", cert.Certificate{AuthorisationNumber: "123456"}, owner, true},
		{"QWAC of another number", "qwac", cert.Certificate{AuthorisationNumber: "12345"}, owner, false},
		{"QWAC, neither has a number", "qwac", cert.Certificate{}, &dcr.Software{OrgId: orgID}, false},
		{"QWAC by its names", "qwac", legacy, owner, false},
		{"no kind", "", legacy, owner, false},
		{"unknown kind", "cdx", legacy, owner, false},
		{"CDR, whose names are nobody's", "cdr", cert.Certificate{CommonName: "Product", Organisation: "Brand", OrganisationalUnit: "Consumer Data Right"}, owner, true},
		{"a certificate of the CDR's names as another kind", "ob_legacy", cert.Certificate{CommonName: "Product", OrganisationalUnit: "Consumer Data Right"}, owner, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := trust.Binds(c.kind, &trust.Certificate{Certificate: &c.cert}, c.owner); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
