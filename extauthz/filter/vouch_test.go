package filter_test

import (
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// listing is a change of a directory's certificates_listed.
func listing(value dcr.Listed) func(*dcr.Directory) {
	return func(d *dcr.Directory) { d.Listed = value }
}

// calling is a call with a token over a connection with a certificate, for which the token was issued.
func (w *world) calling(c *dcrpb.Client, l leaf) *filter.Request {
	own := *w
	own.transport = l
	compact, _ := own.token(c)
	return own.request(map[string]string{"Authorization": "Bearer " + compact}, "")
}

const callsDown = "503 temporarily_unavailable keys.unavailable"

// TestListedCertificates asks at registration, at the token endpoint and on a call: does the directory list the
// certificate, as far as its file wants it?
func TestListedCertificates(t *testing.T) {
	w := newWorld(t)
	double := w.mint(w.legacy, legacyName(softwareID, orgID), nil)
	software, own := w.keys.software.jwk, w.jwk(w.transport, "tls")
	tests := []struct {
		name     string
		leaf     leaf
		software []string // its set, where it is another
		org      []string
		down     string
		wants    map[dcr.Listed]string // refused by the list, "" for accepted; "down" for a 503
	}{
		{name: "listed", leaf: w.transport, wants: map[dcr.Listed]string{"required": "", "when_known": "", "off": ""}},
		{name: "a double of the same names", leaf: double, wants: map[dcr.Listed]string{"required": "unlisted", "when_known": "unlisted", "off": "", "": "unlisted"}},
		{name: "a double that the organisation lists", leaf: double, org: []string{w.jwk(double, "tls")},
			wants: map[dcr.Listed]string{"required": "", "when_known": "", "off": ""}},
		{name: "a double that is listed for signing", leaf: double, software: []string{software, own, w.jwk(double, "sig")},
			wants: map[dcr.Listed]string{"required": "unlisted", "when_known": "unlisted", "off": ""}},
		{name: "nobody lists any", leaf: w.transport, software: []string{software},
			wants: map[dcr.Listed]string{"required": "unlisted", "when_known": "", "off": ""}},
		{name: "nobody lists any, and the organisation has none at all", leaf: w.transport, software: []string{software}, org: []string{},
			wants: map[dcr.Listed]string{"required": "unlisted", "when_known": "", "off": ""}},
		{name: "the organisation lists others", leaf: w.transport, software: []string{software}, org: []string{w.jwk(double, "tls")},
			wants: map[dcr.Listed]string{"required": "unlisted", "when_known": "unlisted", "off": ""}},
		{name: "listed, and the organisation's set is down", leaf: w.transport, down: "org", wants: map[dcr.Listed]string{"required": "", "when_known": "", "off": ""}},
		{name: "unlisted, and the organisation's set is down", leaf: double, down: "org", wants: map[dcr.Listed]string{"required": "down", "when_known": "down", "off": ""}},
	}
	for _, test := range tests {
		for value, wanted := range test.wants {
			t.Run(test.name+", "+string(value), func(t *testing.T) {
				w := w.in(t)
				defer w.publish()
				if test.software != nil {
					w.keystore.set("software", test.software...)
				}
				if test.org != nil {
					w.keystore.set("org", test.org...)
				}
				if test.down != "" {
					w.keystore.takeDown(t, test.down)
				}
				wants := map[string][3]string{
					"": {}, "down": {callsDown, callsDown, callsDown},
					"unlisted": {badStatement + "certificate", unknownClient, invalidToken},
				}[wanted]
				client := w.client()
				a := w.application()
				a.certificate = test.leaf
				want(t, w.register(w.chainOf(w.directories(listing(value)), "certificate", "statement"), w.registering(a)), wants[0])
				asserting := w.asserting(w.keys.software.sign(t, nil, w.assertionClaims(client)))
				asserting.PeerPEM = test.leaf.escaped
				want(t, w.authenticate(w.chainOf(w.directories(listing(value)), "certificate", "clientauth"), asserting), wants[1])
				want(t, w.run(w.chainOf(w.directories(listing(value)), "certificate", "bearer"), w.calling(client, test.leaf)), wants[2])
			})
		}
	}
}
