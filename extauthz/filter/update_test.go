package filter_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// TestUpdate is a PUT: what a client is, it stays (RFC 7592, section 2.2).
func TestUpdate(t *testing.T) {
	w := newWorld(t)
	chain := w.chain("certificate", "bearer", "owner", "statement")
	client := w.client()
	// Certificates that are not of one software or one organisation, so that it is not the binding that refuses.
	w.transport = w.mint(w.qtsp, psdName("tpp.example", "PSDGB-FCA-"+registration), nil)
	const immutable = "400 invalid_software_statement immutable."
	tests := []struct {
		name               string
		request, statement claims
		want               string
	}{
		{name: "the same software"},
		{name: "with its client_id", request: claims{"client_id": client.GetId()}},
		{name: "with another client_id", request: claims{"client_id": "another"}, want: badMetadata + "client_id"},
		{name: "with a client_id that is no text", request: claims{"client_id": 1}, want: badMetadata + "client_id"},
		{name: "with client_secret", request: claims{"client_secret": "s"}, want: badMetadata + "management"},
		{name: "with client_id_issued_at", request: claims{"client_id_issued_at": 1}, want: badMetadata + "management"},
		{name: "another software", statement: claims{"software_id": otherID}, request: claims{"iss": otherID, "software_id": otherID}, want: immutable + "software_id"},
		{name: "another organisation", statement: claims{"org_id": otherOrgID}, want: immutable + "org_id"},
		{name: "another scope", request: claims{"scope": "openid payments"}},
		{name: "a scope of a role that it has not", request: claims{"scope": "fundsconfirmations"}, want: badMetadata + "scope.role"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := w.in(t)
			compact, _ := w.token(client)
			a := w.application()
			a.request, a.statement = test.request, test.statement
			r := w.registering(a)
			r.Method, r.Params["ClientId"] = http.MethodPut, client.GetId()
			r.Header.Set("Authorization", "Bearer "+compact)
			want(t, w.register(chain, r), test.want)
			if r.Token == nil || r.Client.GetId() != client.GetId() {
				t.Errorf("the client of the token was not proved: %v %v", r.Token, r.Client)
			}
		})
	}
}

// TestUpdateOfAnother comes with a good request and the id of another client: the token dies, whatever the body says.
func TestUpdateOfAnother(t *testing.T) {
	w := newWorld(t)
	chain := w.chain("certificate", "bearer", "owner", "statement")
	compact, _ := w.token(w.client())
	r := w.registering(w.application())
	r.Method, r.Params["ClientId"] = http.MethodPut, w.client().GetId()
	r.Header.Set("Authorization", "Bearer "+compact)
	w.keystore.taken()
	want(t, w.register(chain, r), "401 invalid_token owner.client")
	if asked := w.keystore.taken(); asked != "org-revoked revoked" { // for the bearer's own certificate
		t.Errorf("fetched %q for a stranger", asked)
	}
}

// TestUsedJTIs asks what the registry is told to burn, and until when: a jti must be remembered as long as its token
// would be accepted.
func TestUsedJTIs(t *testing.T) {
	w := newWorld(t)
	at := func(d time.Duration) int64 { return w.now.Add(d).Unix() }
	singleUse := func(d *dcr.Directory) { d.SingleUse = true }
	usedJTIs := func(t *testing.T, request claims, changes ...func(*dcr.Directory)) []*dcrpb.UsedJTI {
		t.Helper()
		a := w.in(t).application()
		a.request = request
		r := w.in(t).registering(a)
		want(t, w.in(t).register(w.chainOf(w.directories(changes...), "certificate", "statement"), r), "")
		return r.UsedJTIs
	}
	tests := []struct {
		name    string
		request claims
		until   int64
	}{
		{"exp comes first", claims{"iat": at(0), "exp": at(10 * time.Minute)}, at(10 * time.Minute)},
		{"max_age comes first", claims{"iat": at(-10 * time.Minute), "exp": at(20 * time.Hour)}, at(50 * time.Minute)},
		{"iat is ahead", claims{"iat": at(10 * time.Second), "exp": at(20 * time.Hour)}, at(time.Hour + 10*time.Second)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			burn := usedJTIs(t, test.request)
			if len(burn) != 1 || burn[0].GetPurpose() != "request" {
				t.Fatalf("got %v, want the request's", burn)
			}
			if exp := int64(burn[0].GetExp()); exp <= test.until || exp > test.until+5 {
				t.Errorf("remembered until %d, but it may be used until %d", exp, test.until)
			}
		})
	}
	t.Run("statements are used once", func(t *testing.T) {
		burn := usedJTIs(t, nil, singleUse)
		if len(burn) != 2 || burn[1].GetPurpose() != "statement" || burn[0].GetId() == burn[1].GetId() {
			t.Fatalf("got %v, want the request's and the statement's", burn)
		}
		until := w.now.Add(-time.Minute).Add(w.uk.MaxAge).Unix()
		if exp := int64(burn[1].GetExp()); exp <= until || exp > until+5 {
			t.Errorf("remembered until %d, but it may be used until %d", exp, until)
		}
		if again := usedJTIs(t, claims{"jti": "another"}, singleUse); again[0].GetId() == burn[0].GetId() || again[1].GetId() != burn[1].GetId() {
			t.Errorf("another request with the same statement: %v after %v", again, burn)
		}
	})
	if w.filters(w.directories())["statement"].(*filter.StatementFilter).Directories["loopback"].SingleUse {
		t.Error("the change for one test has changed the world")
	}
}
