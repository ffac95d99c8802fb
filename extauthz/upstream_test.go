package extauthz

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/cert"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// TestTold asks what the upstream of each kind of route learns.
func TestTold(t *testing.T) {
	w := newWorld(t)
	compact, _ := w.token("accounts", "openid")
	asking := func(route string) ask {
		return w.ask(route, "GET", "/"+route, [2]string{"authorization", "Bearer " + compact}, [2]string{"x-dcr-client-id", "evil"})
	}
	for _, test := range []struct {
		name string
		ask  ask
		want map[string]string
	}{
		{"headers", asking("consents"), map[string]string{
			"x-dcr-client-id": w.client.GetId(), "x-dcr-software-id": w.member.SoftwareID, "x-dcr-org-id": w.member.OrgID,
			"x-dcr-scopes": "accounts openid", "x-dcr-roles": "AISP PISP", "x-dcr-certificate": w.thumbprint,
		}},
		{"none", asking("quiet"), map[string]string{}},
	} {
		test.want["x-fapi-interaction-id"] = interactionID
		wantHeaders(t, test.name, w.want(t, test.ask, "200"), test.want)
	}
	got := w.want(t, asking("accounts"), "200")
	wantHeaders(t, "signed", got, map[string]string{"x-fapi-interaction-id": interactionID, "x-dcr-facts": got.header.Get(factsHeader)})
	w.proved(t, got)
}

func wantHeaders(t *testing.T, name string, got answer, want map[string]string) {
	t.Helper()
	expected := http.Header{}
	for header, value := range want {
		expected.Set(header, value)
	}
	if !maps.EqualFunc(got.header, expected, slices.Equal) {
		t.Errorf("%s:\ngot  %v\nwant %v", name, got.header, expected)
	}
}

// TestPlainFacts tells what was proved and nothing else, and nothing at all where a header cannot say it.
func TestPlainFacts(t *testing.T) {
	w := newWorld(t)
	certificate := &trust.Certificate{Certificate: &cert.Certificate{Thumbprint: "thumb"}, Trusts: []trust.Trust{{Type: &dcr.CertificateType{Name: "obwac"}}}}
	good := token.Token{ClientID: "c", Software: &dcr.Software{Id: "s", OrgId: "o", Roles: []string{"R"}}, Scopes: []string{"a", "b"}}
	with := func(change func(*token.Token)) *token.Token {
		changed := good
		changed.Software = proto.CloneOf(good.Software)
		change(&changed)
		return &changed
	}
	tests := []struct {
		name   string
		proved filter.Request
		want   string // "" refuses
	}{
		{"all of it", filter.Request{Token: &good, Certificate: certificate}, "c s o a+b R thumb"},
		{"a token without scopes, roles and organisation", filter.Request{Certificate: certificate, Token: with(func(t *token.Token) {
			t.Scopes, t.Software = nil, &dcr.Software{Id: "s"}
		})}, "c s - - - thumb"},
		{"a certificate alone", filter.Request{Certificate: certificate}, "- - - - - thumb"},
		{"a client that has authenticated", filter.Request{Client: &dcrpb.Client{Id: "c", Software: &dcr.Software{Id: "s", Roles: []string{"R"}}}}, "c s - - R -"},
		{"nothing", filter.Request{}, "- - - - - -"},

		{"a line break", filter.Request{Token: with(func(t *token.Token) { t.Software.Id = "s\r\nx-dcr-client-id: evil" })}, ""},
		{"a control character", filter.Request{Token: with(func(t *token.Token) { t.Software.OrgId = "o\x01" })}, ""},
		{"a null byte", filter.Request{Token: with(func(t *token.Token) { t.ClientID = "c\x00" })}, ""},
		{"not ASCII", filter.Request{Token: with(func(t *token.Token) { t.Software.OrgId = "\u00f6" })}, ""},
		{"DEL", filter.Request{Token: with(func(t *token.Token) { t.Software.OrgId = "o\x7f" })}, ""},
		{"a role that is two", filter.Request{Token: with(func(t *token.Token) { t.Software.Roles = []string{"AISP PISP"} })}, ""},
		{"an empty scope", filter.Request{Token: with(func(t *token.Token) { t.Scopes = []string{"a", ""} })}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			gate := w.telling(routes.FactsHeaders, test.proved)
			got := checkGate(t, gate, w.askOne())
			if test.want == "" {
				if got.verdict() != "503 internal" {
					t.Errorf("got %q", got.verdict())
				}
				return
			}
			var said []string
			for _, name := range []string{clientHeader, softwareHeader, orgHeader, scopesHeader, rolesHeader, certificateHeader} {
				value := strings.ReplaceAll(got.header.Get(name), " ", "+")
				if _, there := got.header[http.CanonicalHeaderKey(name)]; !there {
					value = "-"
				}
				said = append(said, value)
			}
			if told := strings.Join(said, " "); !got.allowed || told != test.want || got.header.Get(factsHeader) != "" {
				t.Errorf("got %s, %q, want %q", got.verdict(), told, test.want)
			}
		})
	}
}

// telling is a gate with one route, whose one check proves what is given.
func (w *world) telling(facts string, proved filter.Request) *Gate {
	w.t.Helper()
	gate := w.chained(time.Minute, func(_ context.Context, r *filter.Request) error {
		r.Token, r.Client, r.Certificate = proved.Token, proved.Client, proved.Certificate
		return nil
	})
	gate.known(version).routes["one"].Facts = facts
	return gate
}

// TestUnknownFacts: a route with an unknown value of facts denies every request.
func TestUnknownFacts(t *testing.T) {
	w := newWorld(t)
	if got := checkGate(t, w.telling("", filter.Request{}), w.askOne()); got.verdict() != "503 internal" {
		t.Errorf("got %q", got.verdict())
	}
}

// TestMetadataClient: rate plans count by a client that was proved, whatever became of its request, and by no other.
func TestMetadataClient(t *testing.T) {
	w := newWorld(t)
	id := w.client.GetId()
	compact, _ := w.token("accounts")
	request, err := w.tpp.TokenRequest("")
	asking := w.askFor("token", request, err)
	jwks := w.ask("jwks", "GET", "/jwks")
	jwks.listener = "public"
	foreign := w.ask("client", "GET", "/register/x"+id[1:], [2]string{"authorization", "Bearer " + compact})
	for _, test := range []struct {
		name, want, client string
		ask                ask
	}{
		{"by its token", "200", id, w.reading(compact)},
		{"by its assertion", "200", id, asking},
		{"by a token that has not the scope", "403 scope.missing", id, w.ask("payments", "POST", "/payments", [2]string{"authorization", "Bearer " + compact})},
		{"by a token for another client's record", "401 owner.client", id, foreign},
		{"a token that is dead", "401 bearer.token", "", w.reading(compact)},
		{"a token of nobody's", "401 bearer.token", "", w.reading(compact + "x")},
		{"no token", "401 bearer.missing", "", w.reading(compact).without("authorization")},
		{"a registration, which makes a client", "200", "", w.registering()},
		{"a public route", "200", "", jwks},
		{"no such path", "404 route.path", "", func() ask { a := w.reading(compact); a.route = ""; return a }()},
	} {
		if got := w.want(t, test.ask, test.want); got.client != test.client {
			t.Errorf("%s: the client is %q, want %q", test.name, got.client, test.client)
		}
	}
}

// TestRole asks for a route that needs both roles of the world's software.
func TestRole(t *testing.T) {
	w := newWorld(t)
	asking := func() ask {
		compact, _ := w.token()
		return w.ask("consents", "GET", "/consents", [2]string{"authorization", "Bearer " + compact})
	}
	w.want(t, asking(), "200")
	for _, roles := range [][]string{{"AISP"}, {"CBPII"}, nil} {
		w.client.Software.Roles = roles
		if got := w.want(t, asking(), "403 role.missing"); got.header.Get("WWW-Authenticate") != `Bearer realm="dcr"` || got.header.Get(rolesHeader) != "" {
			t.Errorf("got %v", got.header)
		}
	}
}
