package registry

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

func TestReadAnswersAsRegistrationDid(t *testing.T) {
	w := newWorld(t)
	created := w.post(newSoftware(), nil)
	id := created.json["client_id"].(string)
	got := w.get(id)
	if got.status != http.StatusOK || !reflect.DeepEqual(got.json, created.json) {
		t.Errorf("got %d %s\nwant %s", got.status, got.body, created.body)
	}
	if got.header.Get("Cache-Control") != "no-store" || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("headers are %v", got.header)
	}
	escaped := collection + "/%" + fmt.Sprintf("%02x", id[0]) + id[1:]
	if got := w.do(call{route: "client", method: "GET", target: escaped, facts: owner(id)}); got.status != http.StatusOK {
		t.Errorf("the id with an escape: %d %s", got.status, got.body)
	}
}

func TestUpdateReplaces(t *testing.T) {
	w := newWorld(t)
	s := newSoftware()
	created := w.post(s, map[string]any{"redirect_uris": []string{"https://tpp.example/b"}, "response_types": []string{"code"}})
	id := created.json["client_id"].(string)
	got := w.put(s, id, "n", map[string]any{"scope": "accounts", "token_endpoint_auth_signing_alg": "ES256"})
	if got.status != http.StatusOK {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	for name, want := range map[string]any{
		"client_id": id, "client_id_issued_at": created.json["client_id_issued_at"], "scope": "accounts", "token_endpoint_auth_signing_alg": "ES256",
		"redirect_uris": []any{"https://tpp.example/a?x=1&y=2", "https://tpp.example/b"}, "response_types": []any{"code id_token"},
	} {
		if !reflect.DeepEqual(got.json[name], want) {
			t.Errorf("%s is %v, want %v", name, got.json[name], want)
		}
	}
	record := w.record(id)
	if record.GetVersion() != 2 || record.GetGeneration() != 1 || !reflect.DeepEqual(record.GetScopes(), []string{"accounts"}) {
		t.Errorf("the record is %v", record)
	}
	if read := w.get(id); !reflect.DeepEqual(read.json, got.json) {
		t.Errorf("reads as %s, want %s", read.body, got.body)
	}
}

func TestUpdateEndsTokensOnlyWhenTheirGroundIsGone(t *testing.T) {
	w := newWorld(t)
	byName := func(dn string) map[string]any {
		return map[string]any{"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": dn}
	}
	tests := []struct {
		name          string
		before, after map[string]any
		want          uint64
	}{
		{"the same again", nil, nil, 1},
		{"fewer scopes", nil, map[string]any{"scope": "accounts"}, 1},
		{"without client_credentials", nil, map[string]any{"grant_types": []string{"authorization_code"}}, 2},
		{"with client_credentials now", map[string]any{"grant_types": []string{"authorization_code"}}, nil, 1},
		{"bound to a name now", nil, byName("CN=a,O=b,C=GB"), 1},
		{"the same name", byName("CN=a,O=b,C=GB"), byName("CN=a,O=b,C=GB"), 1},
		{"the same name, written otherwise", byName("CN=a,O=b,C=GB"), byName("C=gb, O=b, CN=A"), 1},
		{"another name", byName("CN=a,O=b,C=GB"), byName("CN=c,O=b,C=GB"), 2},
		{"no name any more", byName("CN=a,O=b,C=GB"), nil, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inner, s := w.in(t), newSoftware()
			id := inner.register(s, test.before)
			if got := inner.put(s, id, rand.Text(), test.after); got.status != http.StatusOK {
				t.Fatalf("got %d %s", got.status, got.body)
			}
			if got := inner.record(id).GetGeneration(); got != test.want {
				t.Errorf("the generation is %d, want %d", got, test.want)
			}
		})
	}
}

func TestUpdateRefuses(t *testing.T) {
	w := newWorld(t)
	s, another := newSoftware(), newSoftware()
	id := w.register(s, nil)
	if got := w.put(s, id, "used", nil); got.status != http.StatusOK {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	before := w.record(id).String()
	w.want(w.put(s, id, "used", map[string]any{"scope": "accounts"}), http.StatusBadRequest, "invalid_client_metadata", "jti.replay")
	w.want(w.put(another, id, "n1", nil), http.StatusBadRequest, "invalid_software_statement", "immutable.software")
	foreign := software{id: s.id, org: "another"}
	w.want(w.put(foreign, id, "n1", nil), http.StatusBadRequest, "invalid_software_statement", "immutable.software")
	w.want(w.put(s, w.store.NewClientID(&dcrpb.Software{Directory: "openbanking-uk", Id: s.id}), "n1", nil), http.StatusUnauthorized, "invalid_token", "client.unknown")
	if after := w.record(id).String(); after != before {
		t.Errorf("a refused update changed the record to\n%s\nfrom\n%s", after, before)
	}
	if got := w.put(s, id, "n1", nil); got.status != http.StatusOK {
		t.Errorf("a refused update burnt its jti: %d %s", got.status, got.body)
	}
}

func TestParallelUpdatesAreOneAfterTheOther(t *testing.T) {
	w := newWorld(t)
	s := newSoftware()
	id := w.register(s, nil)
	statuses := make([]int, 6)
	var group sync.WaitGroup
	for i := range statuses {
		group.Go(func() {
			got := w.put(s, id, fmt.Sprint("n", i), map[string]any{"scope": "accounts"})
			if statuses[i] = got.status; got.status == http.StatusServiceUnavailable {
				w.want(got, http.StatusServiceUnavailable, "temporarily_unavailable", "internal")
			}
		})
	}
	group.Wait()
	done := uint64(0)
	for _, status := range statuses {
		switch status {
		case http.StatusOK:
			done++
		case http.StatusServiceUnavailable: // lost three races
		default:
			t.Errorf("got %d", status)
		}
	}
	if version := w.record(id).GetVersion(); done == 0 || version != 1+done {
		t.Errorf("%d updates were acknowledged, and the version is %d", done, version)
	}
}

func TestDelete(t *testing.T) {
	w := newWorld(t)
	s := newSoftware()
	id := w.register(s, nil)
	compact := w.newToken(id)
	remove := call{route: "client", method: "DELETE", target: collection + "/" + id, facts: owner(id)}
	got := w.do(remove)
	if _, typed := got.header["Content-Type"]; got.status != http.StatusNoContent || got.body != "" || typed {
		t.Errorf("got %d %q %v, want 204 and nothing", got.status, got.body, got.header)
	}
	w.want(w.do(remove), http.StatusUnauthorized, "invalid_token", "client.unknown")
	w.want(w.get(id), http.StatusUnauthorized, "invalid_token", "client.unknown")
	w.want(w.put(s, id, "n", nil), http.StatusUnauthorized, "invalid_token", "client.unknown")
	w.want(w.form("token", id, "grant_type=client_credentials"), http.StatusUnauthorized, "invalid_client", "client.unknown")
	if got := w.form("introspect", id, "token="+compact); got.json["active"] != false {
		t.Errorf("its token lives: %s", got.body)
	}
	if again := w.register(s, nil); again == id {
		t.Error("an id was given twice")
	}
}

func TestSuspendedClientIsToldNothing(t *testing.T) {
	w := newWorld(t)
	s := newSoftware()
	id := w.register(s, nil)
	record := w.record(id)
	record.State = dcrpb.Client_SUSPENDED
	w.must(w.store.Update(t.Context(), record, nil))
	w.want(w.get(id), http.StatusUnauthorized, "invalid_token", "client.unknown")
	w.want(w.put(s, id, "n", nil), http.StatusUnauthorized, "invalid_token", "client.unknown")
	w.want(w.form("token", id, "grant_type=client_credentials"), http.StatusUnauthorized, "invalid_client", "client.suspended")
	if w.record(id).GetState() != dcrpb.Client_SUSPENDED {
		t.Error("an update ended the suspension")
	}
}

// TestDamagedRecord: what cannot be read of a record is a fault of ours, and nothing of it is answered.
func TestDamagedRecord(t *testing.T) {
	w := newWorld(t)
	s := newSoftware()
	for name, change := range map[string]func(*dcrpb.Client){
		"metadata cut short":  func(c *dcrpb.Client) { c.Metadata = []byte(`{"scope":`) },
		"a member twice":      func(c *dcrpb.Client) { c.Metadata = []byte(`{"scope":"a","scope":"b"}`) },
		"no metadata":         func(c *dcrpb.Client) { c.Metadata = nil },
		"no statement":        func(c *dcrpb.Client) { c.SoftwareStatement = "" },
		"a statement of text": func(c *dcrpb.Client) { c.SoftwareStatement = "a.b.c" },
	} {
		t.Run(name, func(t *testing.T) {
			w, other := w.in(t), s
			other.id += strings.ReplaceAll(name, " ", "")
			record := w.record(w.register(other, nil))
			change(record)
			w.must(w.store.Update(t.Context(), record, nil))
			w.want(w.get(record.GetId()), http.StatusServiceUnavailable, "temporarily_unavailable", "internal")
		})
	}
}

// What protects a client is its own profile: the scope is asked where the record is read, for whatever path the gate has
// allowed; an update under a weaker profile leaves the client where it is, and one under a stronger one moves it.
func TestClientKeepsItsProtection(t *testing.T) {
	plain := &dcr.Profile{}
	w := newWorld(t, func(v *config.Version) {
		obie := *v.Profiles["obie-3.3"]
		obie.Clients.ManagementScope = "accounts"
		v.Profiles["obie-3.3"] = &obie
		*plain = obie
		plain.Name, plain.Body, plain.Clients.ManagementScope = "plain", dcr.BodyJSON, ""
		v.Profiles["plain"] = plain
	})
	s := newSoftware()
	id := w.register(s, nil)
	as := func(scopes ...string) func(*dcrpb.Facts) {
		return func(proved *dcrpb.Facts) { owner(id)(proved); proved.Client.Scopes = scopes }
	}
	for _, method := range []string{"GET", "DELETE"} {
		got := w.do(call{route: "client", method: method, target: collection + "/" + id, facts: as("payments")})
		w.want(got, http.StatusForbidden, "insufficient_scope", "scope.missing")
	}
	if got := w.do(call{route: "client", method: "GET", target: collection + "/" + id, facts: as("accounts")}); got.status != http.StatusOK {
		t.Errorf("with the scope: %d %s", got.status, got.body)
	}
	own, err := w.edition.orphans.Profile(w.version, w.record(id))
	w.must(err)
	for _, c := range []struct {
		own, by *dcr.Profile
		want    string // profile after the update
		rule    string
	}{{own, own, "obie-3.3", ""}, {plain, own, "obie-3.3", ""}, {own, plain, "", "immutable.signature"}, {plain, plain, "plain", ""}} {
		record := w.record(id)
		record.Profile = c.own.Name
		w.must(w.store.Update(t.Context(), record, nil))
		proved := &dcrpb.Facts{}
		as("accounts")(proved)
		next := w.record(id)
		next.Profile = c.by.Name
		err := w.edition.replace(t.Context(), &request{facts: proved, profile: c.by, line: &line{}}, next)
		if c.rule != "" {
			if dcr.AsRefusal(err).Rule != c.rule {
				t.Errorf("from %s to %s: %v, want %s", c.own.Name, c.by.Name, err, c.rule)
			}
			continue
		}
		if got := w.record(id).GetProfile(); err != nil || got != c.want {
			t.Errorf("from %s to %s: %s, %v, want %s", c.own.Name, c.by.Name, got, err, c.want)
		}
	}
}
