package rule_test

import (
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
)

func TestUpdate(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  claims
		current func(*dcr.Current)
		want    string
	}{
		{name: "without client_id"},
		{name: "the client's client_id", change: claims{"client_id": "a-client"}},
		{name: "another client_id", change: claims{"client_id": "A-client"}, want: "client_id /client_id"},
		{name: "client_id of the wrong type", change: claims{"client_id": []string{"a-client"}}, want: "client_id /client_id"},
		{name: "registration_access_token", change: claims{"registration_access_token": "x"}, want: "management /registration_access_token"},
		{name: "registration_client_uri", change: claims{"registration_client_uri": ""}, want: "management /registration_client_uri"},
		{name: "client_secret_expires_at", change: claims{"client_secret_expires_at": 0}, want: "management /client_secret_expires_at"},
		{name: "client_id_issued_at", change: claims{"client_id_issued_at": 1}, want: "management /client_id_issued_at"},
		{name: "client_secret", change: claims{"client_secret": "x"}, want: "management /client_secret"},
		{name: "of another directory", current: func(c *dcr.Current) { c.Software.Directory = "x" }, want: "immutable.directory /software_statement"},
		{name: "of another software", current: func(c *dcr.Current) { c.Software.Id = "x" }, want: "immutable.software_id /software_statement"},
		{name: "of another organisation", current: func(c *dcr.Current) { c.Software.OrgId = "x" }, want: "immutable.org_id /software_statement"},
		{name: "of a record without organisation", current: func(c *dcr.Current) { c.Software.OrgId = "" }, want: "immutable.org_id /software_statement"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := update(registration(t, c.change))
			if c.current != nil {
				c.current(r.Current)
			}
			err := rule.Check(r)
			if got := verdict(t, err); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if c.current != nil && dcr.AsRefusal(err).Class != dcr.InvalidSoftwareStatement {
				t.Errorf("got %s", dcr.AsRefusal(err).Code)
			}
		})
	}
}
