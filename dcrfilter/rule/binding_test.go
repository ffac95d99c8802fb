package rule_test

import (
	"errors"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/internal/cert"
)

func TestCheckBinding(t *testing.T) {
	owner := &dcr.Software{OrgId: orgID, Id: softwareID, AuthorisationNumber: "123456"}
	legacy := cert.Certificate{CommonName: softwareID, OrganisationalUnit: orgID}
	for _, c := range []struct {
		name   string
		kind   string
		cert   cert.Certificate
		listed bool
		owner  *dcr.Software
		want   bool
	}{
		{"legacy", "ob_legacy", legacy, false, owner, true},
		{"legacy of another software", "ob_legacy", cert.Certificate{CommonName: "other", OrganisationalUnit: orgID}, false, owner, false},
		{"legacy of another organisation", "ob_legacy", cert.Certificate{CommonName: softwareID, OrganisationalUnit: "other"}, false, owner, false},
		{"legacy in another case", "ob_legacy", cert.Certificate{CommonName: softwareID, OrganisationalUnit: "0015800001hqqrzaax"}, false, owner, false},
		{"legacy, listed, of another", "ob_legacy", cert.Certificate{}, true, owner, false},
		{"legacy, nameless", "ob_legacy", cert.Certificate{}, false, &dcr.Software{}, false},
		{"OBWAC", "obwac", cert.Certificate{CommonName: orgID, AuthorisationNumber: "other"}, false, owner, true},
		{"OBWAC of another organisation", "obwac", cert.Certificate{CommonName: "other", AuthorisationNumber: "123456"}, false, owner, false},
		{"OBWAC by its software id", "obwac", cert.Certificate{CommonName: softwareID}, false, owner, false},
		{"OBWAC, listed, of another", "obwac", cert.Certificate{CommonName: "other"}, true, owner, false},
		{"OBWAC, nameless", "obwac", cert.Certificate{}, false, &dcr.Software{}, false},
		{"QWAC by number", "qwac", cert.Certificate{AuthorisationNumber: "123456"}, false, owner, true},
		{"QWAC of another number", "qwac", cert.Certificate{AuthorisationNumber: "12345"}, false, owner, false},
		{"QWAC listed", "qwac", cert.Certificate{AuthorisationNumber: "12345"}, true, owner, true},
		{"QWAC, neither has a number", "qwac", cert.Certificate{}, false, &dcr.Software{OrgId: orgID}, false},
		{"QWAC by its names", "qwac", legacy, false, owner, false},
		{"no kind", "", legacy, true, owner, false},
		{"unknown kind", "cdx", legacy, true, owner, false},
		{"CDR, whose names are nobody's", "cdr", cert.Certificate{CommonName: "Product", Organisation: "Brand", OrganisationalUnit: "Consumer Data Right"}, false, owner, true},
		{"a certificate of the CDR's names as another kind", "ob_legacy", cert.Certificate{CommonName: "Product", OrganisationalUnit: "Consumer Data Right"}, false, owner, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := rule.CheckBinding(&dcr.Presented{Certificate: &c.cert, Profile: c.kind, Listed: c.listed}, c.owner)
			if got := err == nil; got != c.want || err != nil && !errors.Is(err, rule.ErrBinding) {
				t.Errorf("got %v, want bound %v", err, c.want)
			}
		})
	}
	for _, nothing := range []*dcr.Presented{nil, {Profile: "qwac", Listed: true}, {Profile: "cdr"}} {
		if err := rule.CheckBinding(nothing, owner); !errors.Is(err, rule.ErrBinding) {
			t.Errorf("without a certificate: got %v", err)
		}
	}
}
