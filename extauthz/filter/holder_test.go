package filter_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/jwks"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// TestHolder asks on a call whether its certificate is still the client's: everything but a set that cannot be had is the
// one refusal of a token.
func TestHolder(t *testing.T) {
	w := newWorld(t)
	const down = callsDown
	qwac := w.mint(w.qtsp, psdName("tpp.example", "PSDGB-FCA-999"), nil)
	tests := []struct {
		name    string
		change  func(*dcrpb.Client)
		leaf    leaf // the software's when zero
		sets    map[string]string
		down    string
		mode    dcr.Listed // off when ""
		want    string
		because string // in the cause, for the log
		fetched string
	}{
		{name: "all is well", fetched: "org-revoked revoked"},
		{name: "all is well, and listed", mode: dcr.ListedRequired, fetched: "org-revoked revoked software"},
		{name: "the certificate is revoked", sets: map[string]string{"revoked": w.jwk(w.transport, "tls")}, want: invalidToken, because: "revoked", fetched: "revoked"},
		{name: "the certificate is revoked for the organisation", sets: map[string]string{"org-revoked": w.jwk(w.transport, "tls")}, want: invalidToken,
			because: "revoked", fetched: "org-revoked revoked"},
		{name: "a key is revoked, with which nothing is signed here", sets: map[string]string{"revoked": w.keys.software.jwk}, fetched: "org-revoked revoked"},
		{name: "the revoked set is down", down: "revoked", want: down, because: "revoked keys", fetched: "revoked"},
		{name: "the key set is down, which nobody needs", down: "software", fetched: "org-revoked revoked"},
		{name: "the key set is down", down: "software", mode: dcr.ListedWhenKnown, want: down, because: "certificates", fetched: "org org-revoked revoked software"},
		{name: "the directory publishes none", change: func(c *dcrpb.Client) { c.Software.KeySets.RevokedJwks, c.Software.KeySets.OrgRevokedJwks = "", "" }},
		{name: "a place that may not be asked any more", change: func(c *dcrpb.Client) { c.Software.KeySets.RevokedJwks = "https://127.0.0.1:1/revoked" }, want: invalidToken,
			because: "allowed"},
		{name: "the client is of another organisation by now", change: func(c *dcrpb.Client) { c.Software.OrgId = otherOrgID }, want: invalidToken, because: "not bound"},
		{name: "the client is of a directory that is gone", change: func(c *dcrpb.Client) { c.Software.Directory = "gone" }, want: "503 temporarily_unavailable client.orphaned", because: "lacks"},
		{name: "a QWAC that is not listed any more", leaf: qwac, want: invalidToken, because: "not bound", fetched: "org software"},
		{name: "a QWAC that is listed", leaf: qwac, sets: map[string]string{"org": w.jwk(qwac, "tls")}, fetched: "org org-revoked revoked software"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := w.in(t)
			defer w.publish()
			for name, jwk := range test.sets {
				w.keystore.set(name, jwk)
			}
			if test.down != "" {
				w.keystore.takeDown(t, test.down)
			}
			client := w.client(func(c *dcrpb.Client) {
				if test.change != nil {
					test.change(c)
				}
			})
			l := w.transport
			if test.leaf.escaped != "" {
				l = test.leaf
			}
			mode := dcr.ListedOff
			if test.mode != "" {
				mode = test.mode
			}
			w.keystore.taken()
			r := w.calling(client, l)
			err := w.run(w.chainOf(w.directories(listing(mode)), "certificate", "bearer"), r)
			want(t, err, test.want)
			if refusal, ok := errors.AsType[*dcr.Error](err); ok && (refusal.Cause == nil || !strings.Contains(refusal.Cause.Error(), test.because)) {
				t.Errorf("the cause is %v, want %q in it", refusal.Cause, test.because)
			}
			if (r.Token != nil) != (err == nil) {
				t.Errorf("proved %v beside %v", r.Token, err)
			}
			if asked := w.keystore.taken(); asked != test.fetched {
				t.Errorf("fetched %q, want %q", asked, test.fetched)
			}
		})
	}
}

// TestHolderIsRemembered asks the store for a client's record once, and again when it has changed; the directory as often
// as its sets get old, and while it is down until they are stale.
func TestHolderIsRemembered(t *testing.T) {
	w := newWorld(t)
	clock := w.now
	directories := w.directories()
	directories["loopback"].Keys = jwks.New(w.uk.Client(), func() time.Time { return clock }, 0)
	chain := w.chainOf(directories, "certificate", "bearer")
	client := w.client()
	call := func(wanted, fetched string) {
		t.Helper()
		r := w.calling(client, w.transport)
		want(t, w.run(chain, r), wanted)
		if asked := w.keystore.taken(); asked != fetched {
			t.Errorf("fetched %q, want %q", asked, fetched)
		}
	}
	w.keystore.taken()
	call("", "org-revoked revoked")
	call("", "")

	// An update that names other sets counts with the next call, although no token of before is dead.
	w.keystore.set("moved", w.jwk(w.transport, "tls"))
	client.Software.KeySets.RevokedJwks = w.keystore.at("moved")
	w.must(w.store.Update(t.Context(), client, nil))
	call(invalidToken, "moved")
	client.Software.KeySets.RevokedJwks = w.keystore.at("revoked")
	w.must(w.store.Update(t.Context(), client, nil))
	call("", "")

	clock = clock.Add(10 * time.Second)
	call("", "org-revoked revoked")
	w.keystore.takeDown(t, "revoked")
	clock = clock.Add(5*time.Minute - time.Second)
	call("", "org-revoked revoked")
	clock = clock.Add(time.Second)
	call(callsDown, "revoked")
}

// A filter that knows no directories lets nobody through.
func TestHolderWithoutDirectories(t *testing.T) {
	w := newWorld(t)
	bearer, err := filter.NewBearerFilter(w.verifier, w.store, nil, w.known, nil)
	w.must(err)
	r := w.calling(w.client(), w.transport)
	want(t, w.run([]filter.Filter{w.chain("certificate")[0], bearer}, r), "fault")
}

// A client whose profile or directory the configuration lacks is not at fault: neither its calls nor its authentication are
// refused as if it were.
func TestOrphanedClient(t *testing.T) {
	w := newWorld(t)
	client := w.client()
	calls, authentication := w.chain("certificate", "bearer"), w.chain("certificate", "clientauth")
	authenticate := func() error {
		return w.run(authentication, w.form(map[string]string{
			"client_assertion_type": jwtBearer, "client_assertion": w.keys.software.sign(t, nil, w.assertionClaims(client)),
		}))
	}
	want(t, authenticate(), "")
	w.orphaned = true
	want(t, w.run(calls, w.calling(client, w.transport)), "503 temporarily_unavailable client.orphaned")
	want(t, authenticate(), "503 temporarily_unavailable client.orphaned")
}
