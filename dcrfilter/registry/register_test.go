package registry

import (
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

func TestRegister(t *testing.T) {
	w := newWorld(t)
	s := newSoftware()
	before := time.Now().Unix()
	got := w.post(s, map[string]any{"redirect_uris": []string{"https://tpp.example/a?x=1&y=2"}})
	if got.status != http.StatusCreated {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	id, _ := got.json["client_id"].(string)
	issued, _ := got.json["client_id_issued_at"].(float64)
	if len(id) < 22 || len(id) > 36 || int64(issued) < before {
		t.Errorf("client_id %q, issued at %v", id, issued)
	}
	for name, want := range map[string]any{
		"redirect_uris": []any{"https://tpp.example/a?x=1&y=2"}, "software_id": s.id, "scope": "openid accounts payments",
		"token_endpoint_auth_method": "private_key_jwt", "grant_types": []any{"authorization_code", "client_credentials"},
		"response_types": []any{"code id_token"}, "application_type": "web", "software_client_name": "Amazon <Prime> & more", "org_id": s.org,
		"iss": nil, "aud": nil, "jti": nil, "exp": nil, "iat": nil, "x-unknown": nil, "client_secret": nil,
	} {
		if !reflect.DeepEqual(got.json[name], want) {
			t.Errorf("%s is %v, want %v", name, got.json[name], want)
		}
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache", "X-Content-Type-Options": "nosniff",
		"Location": mtls + collection + "/" + id,
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s: got %q, want %q", name, got.header.Get(name), want)
		}
	}
	w.checkRecord(id, s, got.json["software_statement"])
}

// checkRecord compares what is kept with what was asked for.
func (w *world) checkRecord(id string, s software, statement any) {
	w.t.Helper()
	record := w.record(id)
	metadata := string(record.GetMetadata())
	if strings.Contains(metadata, "software_statement") || strings.Contains(metadata, "x-unknown") {
		w.t.Errorf("the metadata hold too much: %s", metadata)
	}
	want := &dcrpb.Client{
		Id: id, State: dcrpb.Client_ACTIVE, Version: 1, Generation: 1, IssuedAt: record.GetIssuedAt(), UpdatedAt: record.GetIssuedAt(),
		Profile: "obie-3.3", CertificateType: "obwac", RegistrationThumbprint: thumbprint,
		Software: &dcrpb.Software{
			Directory: "openbanking-uk", Id: s.id, OrgId: s.org, Roles: []string{"AISP", "PISP"},
			KeySets: &dcrpb.KeySets{Jwks: "https://keystore.openbanking.org.uk/" + s.id + ".jwks"},
		},
		TokenEndpointAuthMethod: "private_key_jwt", TokenEndpointAuthSigningAlg: "PS256",
		GrantTypes: []string{"authorization_code", "client_credentials"}, Scopes: []string{"openid", "accounts", "payments"},
		Metadata: record.GetMetadata(), SoftwareStatement: record.GetSoftwareStatement(),
	}
	if got, wanted := record.String(), want.String(); got != wanted || statement != record.GetSoftwareStatement() {
		w.t.Errorf("the record is\n%s\nwant\n%s", got, wanted)
	}
}

func TestRegisterRefusesASecondClient(t *testing.T) {
	w := newWorld(t)
	s := newSoftware()
	w.newToken(w.register(s, nil))
	w.want(w.post(s, nil), http.StatusBadRequest, "invalid_software_statement", "software.duplicate")
	if got := w.post(newSoftware(), nil); got.status != http.StatusCreated {
		t.Errorf("another software: %d %s", got.status, got.body)
	}
}

func TestRegisterRefusesAReplay(t *testing.T) {
	w := newWorld(t, several)
	s := newSoftware()
	once := call{route: "register", method: "POST", target: collection, body: s.request(nil), facts: s.proved("once")}
	if got := w.do(once); got.status != http.StatusCreated {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	w.want(w.do(once), http.StatusBadRequest, "invalid_client_metadata", "jti.replay")
	if got := w.post(s, nil); got.status != http.StatusCreated {
		t.Errorf("after a replay, a request of its own: %d %s", got.status, got.body)
	}
}

func TestRegisterRefusesABodyTheGateCannotHaveRead(t *testing.T) {
	w := newWorld(t)
	s := newSoftware()
	for name, body := range map[string]string{
		"no JWS": "x", "no JSON": "e30.eA.eA", "no statement": compact(map[string]any{"iss": s.id}), "padded": "e30.e30=.eA",
		"a statement that is no JWS": s.request(map[string]any{"software_statement": "x"}),
	} {
		t.Run(name, func(t *testing.T) {
			inner := w.in(t)
			got := inner.do(call{route: "register", method: "POST", target: collection, body: body, facts: s.proved(name)})
			inner.want(got, http.StatusServiceUnavailable, "temporarily_unavailable", "internal")
		})
	}
}

// duplicates changes what is done about a software that has a client already.
func duplicates(policy string) func(*config.Version) {
	return policies(func(p *dcr.ClientPolicy) { p.Duplicates = policy })
}

// policies changes what holds for clients of the profile.
func policies(change func(*dcr.ClientPolicy)) func(*config.Version) {
	return func(c *config.Version) {
		for name, profile := range c.Profiles {
			changed := *profile
			change(&changed.Clients)
			c.Profiles[name] = &changed
		}
	}
}

// several lets a software register more than once.
var several = duplicates(dcr.AllowDuplicates)

func TestSeveralClientsWhereTheProfileAllowsThem(t *testing.T) {
	w := newWorld(t, several)
	s := newSoftware()
	if first, second := w.register(s, nil), w.register(s, nil); first == second {
		t.Errorf("both clients are %s", first)
	}
}

func TestParallelRegistrationsWithOneJTI(t *testing.T) {
	w := newWorld(t, several)
	s := newSoftware()
	replies := make([]reply, 8)
	var group sync.WaitGroup
	for i := range replies {
		group.Go(func() {
			replies[i] = w.do(call{route: "register", method: "POST", target: collection, body: s.request(nil), facts: s.proved("one")})
		})
	}
	group.Wait()
	created := 0
	for _, got := range replies {
		if got.status == http.StatusCreated {
			created++
			continue
		}
		w.want(got, http.StatusBadRequest, "invalid_client_metadata", "jti.replay")
	}
	if created != 1 {
		t.Errorf("%d clients were made with one jti", created)
	}
}
