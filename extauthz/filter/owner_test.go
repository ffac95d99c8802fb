package filter_test

import (
	"fmt"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// TestOwner: a client manages its own registration and nothing else (RFC 7592, section 2).
func TestOwner(t *testing.T) {
	w := newWorld(t)
	const refused = "401 invalid_token owner.client"
	foreign := w.client(func(c *dcrpb.Client) { c.Software.Id, c.Software.OrgId = otherID, otherOrgID })
	tests := []struct {
		name    string
		asked   func(own string) string
		want    string
		revoked bool
	}{
		{name: "its own", asked: func(own string) string { return own }},
		{name: "its own, escaped", asked: escapeAll},
		{name: "its own, escaped twice", asked: func(own string) string { return escape(escapeAll(own)) }, want: refused, revoked: true},
		{name: "another client's", asked: func(string) string { return foreign.GetId() }, want: refused, revoked: true},
		{name: "of a client that never was", asked: func(string) string { return w.store.NewClientID(foreign.GetSoftware()) }, want: refused, revoked: true},
		{name: "in other letters", asked: swapCase, want: refused, revoked: true},
		{name: "the beginning of its own", asked: func(own string) string { return own[:len(own)-1] }, want: refused, revoked: true},
		{name: "more than its own", asked: func(own string) string { return own + "0" }, want: refused, revoked: true},
		{name: "its own and a null byte", asked: func(own string) string { return own + "%00" }, want: refused, revoked: true},
		{name: "the software's id", asked: func(string) string { return softwareID }, want: refused, revoked: true},
		{name: "a broken escape", asked: func(own string) string { return own + "%zz" }, want: refused, revoked: true},
		{name: "nothing", asked: func(string) string { return "" }, want: refused, revoked: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, chain := w.in(t), w.chain("certificate", "bearer", "owner")
			client := w.client()
			compact, issued := w.token(client)
			other, _ := w.token(client)
			ask := func(compact, id string) error {
				r := w.request(map[string]string{"Authorization": "Bearer " + compact}, "")
				r.Params["ClientId"] = id
				err := w.run(chain, r)
				if (r.Client != nil) != (err == nil) || err == nil && r.Client.GetId() != client.GetId() {
					t.Errorf("proved %v, verdict %v", r.Client, err)
				}
				return err
			}
			err := ask(compact, test.asked(client.GetId()))
			want(t, err, test.want)
			if because := "the client in the path is not the token's, and the access token is revoked now"; err != nil && dcr.AsRefusal(err).Because != because {
				t.Errorf("got %q, want %q", dcr.AsRefusal(err).Because, because)
			}
			standing, err := w.store.Standing(t.Context(), client.GetId(), issued.ID)
			w.must(err)
			if standing.Revoked != test.revoked {
				t.Errorf("revoked %v, want %v", standing.Revoked, test.revoked)
			}
			after := ""
			if test.revoked {
				after = invalidToken
			}
			want(t, ask(compact, client.GetId()), after)
			want(t, ask(other, client.GetId()), "") // the client and its other tokens live on
		})
	}
}

// TestOwnerAlone asks the owner filter about a client that went away after the bearer filter had looked: the first
// request may pass between the two.
func TestOwnerAlone(t *testing.T) {
	w := newWorld(t)
	tests := []struct {
		name    string
		change  func(w *world, c *dcrpb.Client)
		want    string
		revoked bool
	}{
		{name: "deleted", want: "401 invalid_token owner.client", revoked: true, change: func(w *world, c *dcrpb.Client) {
			w.must(w.store.Delete(w.t.Context(), c.GetId()))
		}},
		{name: "suspended", want: invalidToken, change: func(w *world, c *dcrpb.Client) {
			c.State = dcrpb.Client_SUSPENDED
			w.must(w.store.Update(w.t.Context(), c, nil))
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, chain := w.in(t), w.chain("certificate", "bearer", "owner")
			client := w.client()
			compact, issued := w.token(client)
			r := w.request(map[string]string{"Authorization": "Bearer " + compact}, "")
			r.Params["ClientId"] = client.GetId()
			want(t, w.run(chain[:2], r), "")
			test.change(w, client)
			want(t, w.run(chain[2:], r), test.want)
			standing, err := w.store.Standing(t.Context(), client.GetId(), issued.ID)
			w.must(err)
			if standing.Revoked != test.revoked || r.Client != nil {
				t.Errorf("revoked %v, want %v; proved %v", standing.Revoked, test.revoked, r.Client)
			}
		})
	}
}

// TestOwnerCannotRevoke: "Revocation write fails: 503".
func TestOwnerCannotRevoke(t *testing.T) {
	w := newWorld(t)
	chain := w.chain("certificate", "bearer", "owner")
	compact, _ := w.token(w.client())
	r := w.request(map[string]string{"Authorization": "Bearer " + compact}, "")
	want(t, w.run(chain[:2], r), "")
	w.redis.Kill()
	for name, asked := range map[string]string{"another's": "x", "its own": r.Token.ClientID} {
		r.Params["ClientId"] = asked
		if got := verdict(t, w.run(chain[2:], r)); got != "fault" {
			t.Errorf("%s: got %q, want a fault", name, got)
		}
	}
}

// escapeAll percent-encodes every character.
func escapeAll(text string) (escaped string) {
	for _, c := range []byte(text) {
		escaped += fmt.Sprintf("%%%02X", c)
	}
	return escaped
}

func swapCase(text string) string {
	swapped := []byte(text)
	for i, c := range swapped {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			swapped[i] = c ^ 0x20
		}
	}
	return string(swapped)
}

// A client without client_credentials manages its registration and does nothing else, whatever a bank's API asks for.
func TestRegistrationOnly(t *testing.T) {
	w := newWorld(t)
	client := w.client(func(c *dcrpb.Client) { c.GrantTypes = []string{"authorization_code"} })
	compact, _ := w.token(client, "accounts")
	for _, test := range []struct {
		checks []string
		want   string
	}{
		{[]string{"certificate", "bearer", "owner"}, ""},
		{[]string{"certificate", "bearer"}, "403 insufficient_scope bearer.registration_only"},
		{[]string{"certificate", "bearer", "scope"}, "403 insufficient_scope bearer.registration_only"},
		{[]string{"certificate", "bearer", "role"}, "403 insufficient_scope bearer.registration_only"},
	} {
		r := w.request(map[string]string{"Authorization": "Bearer " + compact}, "")
		r.Route.Checks, r.Params["ClientId"] = test.checks, client.GetId()
		want(t, w.run(w.chain(test.checks...), r), test.want)
	}
	client.GrantTypes = []string{"client_credentials"}
	w.must(w.store.Update(t.Context(), client, nil))
	r := w.request(map[string]string{"Authorization": "Bearer " + compact}, "")
	want(t, w.run(w.chain("certificate", "bearer"), r), "")
}
