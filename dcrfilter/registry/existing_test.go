package registry

import (
	"net/http"
	"reflect"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// A TPP that never got its answer signs again, and gets the client that it has: as it is registered, whatever it asks now.
func TestTheExistingClientIsReturned(t *testing.T) {
	w := newWorld(t, duplicates(dcr.ReturnExisting))
	s := newSoftware()
	first := w.post(s, nil)
	again := w.post(s, map[string]any{"scope": "openid", "redirect_uris": []string{"https://tpp.example/a?x=1&y=2"}})
	if again.status != http.StatusCreated || !reflect.DeepEqual(again.json, first.json) {
		t.Errorf("got %d %s\nwant what was registered: %s", again.status, again.body, first.body)
	}
	if got, want := again.header.Get("Location"), first.header.Get("Location"); got != want || want == "" {
		t.Errorf("Location is %q, want %q", got, want)
	}
	if record := w.record(first.json["client_id"].(string)); record.GetVersion() != 1 {
		t.Errorf("the record was written: it is of version %d", record.GetVersion())
	}
}

// What is signed anew counts once as well.
func TestTheExistingClientIsNotReturnedToAReplay(t *testing.T) {
	w := newWorld(t, duplicates(dcr.ReturnExisting))
	s := newSoftware()
	w.register(s, nil)
	once := call{route: "register", method: "POST", target: collection, body: s.request(nil), facts: s.proved("once")}
	if got := w.do(once); got.status != http.StatusCreated {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	w.want(w.do(once), http.StatusBadRequest, "invalid_client_metadata", "jti.replay")
}

// A try shows the client, and burns nothing.
func TestTheExistingClientIsTried(t *testing.T) {
	w := newWorld(t, duplicates(dcr.ReturnExisting))
	s := newSoftware()
	w.register(s, nil)
	tried := call{route: "register", method: "POST", target: collection, body: s.request(nil), facts: func(proved *dcrpb.Facts) {
		s.proved("once")(proved)
		proved.Registration.DryRun = true
	}}
	for range 2 {
		if got := w.do(tried); got.status != http.StatusOK || got.json["client_id"] != nil || got.json["software_id"] != s.id {
			t.Errorf("got %d %s", got.status, got.body)
		}
	}
}

// Who is not, or no longer, who has registered gets nothing: as if the profile returned no client.
func TestTheExistingClientIsItsOwn(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*dcrpb.Client)
	}{
		{"of another organisation", func(c *dcrpb.Client) { c.Software.OrgId = "another" }},
		{"suspended", func(c *dcrpb.Client) { c.State = dcrpb.Client_SUSPENDED }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, duplicates(dcr.ReturnExisting))
			s := newSoftware()
			record := proto.CloneOf(w.record(w.register(s, nil)))
			c.change(record)
			w.must(w.store.Update(t.Context(), record, nil))
			w.want(w.post(s, nil), http.StatusBadRequest, "invalid_software_statement", "software.duplicate")
		})
	}
}

// Many at once make one client, and all get it.
func TestParallelRegistrationsGetOneClient(t *testing.T) {
	w := newWorld(t, duplicates(dcr.ReturnExisting))
	s := newSoftware()
	replies := make([]reply, 8)
	var group sync.WaitGroup
	for i := range replies {
		group.Go(func() { replies[i] = w.post(s, nil) })
	}
	group.Wait()
	for _, got := range replies {
		if got.status != http.StatusCreated || got.json["client_id"] != replies[0].json["client_id"] {
			t.Errorf("got %d %s", got.status, got.body)
		}
	}
}

// A statement that was used before is not the request's jti: what must be fetched anew is said.
func TestAStatementThatWasUsedBefore(t *testing.T) {
	w := newWorld(t, several)
	s := newSoftware()
	with := func(request string) func(*dcrpb.Facts) {
		return func(proved *dcrpb.Facts) {
			s.proved(request)(proved)
			proved.UsedJtis = append(proved.UsedJtis, &dcrpb.UsedJTI{Purpose: "statement", Id: "the same", Exp: proved.GetExp()})
		}
	}
	for i, want := range []string{"", "statement.replay"} {
		got := w.do(call{route: "register", method: "POST", target: collection, body: s.request(nil), facts: with([]string{"first", "second"}[i])})
		if got.rule() != want {
			t.Errorf("got %d %s, want %q", got.status, got.body, want)
		}
	}
}

// Where duplicates are rejected, an equal request that is signed anew gets the client that has never been given a token:
// its owner did not receive its 201. What asks for something else, or comes later, is a second client.
func TestAnAnswerThatWasLost(t *testing.T) {
	for _, c := range []struct {
		name  string
		asks  map[string]any
		since func(w *world, s software, id string)
		want  string
	}{
		{name: "the same"},
		{name: "the same, its lists in another order and with repeats", asks: map[string]any{
			"grant_types": []string{"client_credentials", "authorization_code", "client_credentials"}, "scope": "payments openid accounts openid",
		}},
		{name: "another scope", asks: map[string]any{"scope": "openid"}, want: "software.duplicate"},
		{name: "another grant", asks: map[string]any{"grant_types": []string{"client_credentials"}}, want: "software.duplicate"},
		{name: "another algorithm", asks: map[string]any{"token_endpoint_auth_signing_alg": "ES256"}, want: "software.duplicate"},
		{name: "another method", asks: map[string]any{
			"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=a", "token_endpoint_auth_signing_alg": nil,
		}, want: "software.duplicate"},
		{name: "after a token", since: func(w *world, _ software, id string) { w.newToken(id) }, want: "software.duplicate"},
		{name: "after an update", since: func(w *world, s software, id string) { w.put(s, id, "n", nil) }, want: "software.duplicate"},
		{name: "of another organisation", since: func(w *world, _ software, id string) {
			record := w.record(id)
			record.Software.OrgId = "another"
			w.must(w.store.Update(w.t.Context(), record, nil))
		}, want: "software.duplicate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			s := newSoftware()
			first := w.post(s, nil)
			id := first.json["client_id"].(string)
			if c.since != nil {
				c.since(w, s, id)
			}
			again := w.post(s, c.asks)
			if c.want != "" {
				w.want(again, http.StatusBadRequest, "invalid_software_statement", c.want)
				return
			}
			if again.status != http.StatusCreated || !reflect.DeepEqual(again.json, first.json) {
				t.Errorf("got %d %s\nwant what was registered: %s", again.status, again.body, first.body)
			}
			once := call{route: "register", method: "POST", target: collection, body: s.request(nil), facts: s.proved("once")}
			if got := w.do(once); got.status != http.StatusCreated {
				t.Errorf("got %d %s", got.status, got.body)
			}
			w.want(w.do(once), http.StatusBadRequest, "invalid_client_metadata", "jti.replay")
		})
	}
}

// Whoever asks for another authentication than the client has could not use the client.
func TestTheExistingClientIsReturnedForItsAuthentication(t *testing.T) {
	w := newWorld(t, duplicates(dcr.ReturnExisting))
	s := newSoftware()
	byName := func(name string) map[string]any {
		return map[string]any{"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": name, "token_endpoint_auth_signing_alg": nil}
	}
	w.newToken(w.register(s, byName("CN=a,O=b,C=GB")))
	for name, want := range map[string]string{"CN=a,O=b,C=GB": "", "c=gb, o=B, cn=A": "", "CN=c,O=b,C=GB": "software.authentication"} {
		if got := w.post(s, byName(name)); got.rule() != want || (want == "") != (got.status == http.StatusCreated) {
			t.Errorf("%s: %d %s, want %q", name, got.status, got.body, want)
		}
	}
	w.want(w.post(s, nil), http.StatusBadRequest, "invalid_software_statement", "software.authentication")
}
