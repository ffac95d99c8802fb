package rule_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/internal/dn"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const (
	softwareID = "oQ4KoaavpOuoE7rvQsZEOV"
	orgID      = "0015800001HQQrZAAX"
	jwksURL    = "https://keystore.openbankingtest.org.uk/0015800001HQQrZAAX/oQ4KoaavpOuoE7rvQsZEOV.jwks"
	ciba       = "urn:openid:params:grant-type:ciba"
	subjectDN  = "CN=oQ4KoaavpOuoE7rvQsZEOV,OU=0015800001HQQrZAAX,O=OpenBanking,C=GB"
)

var softwareURIs = []string{"https://tpp.example/callback", "https://tpp.example/second?x=1&y=2", "https://app.tpp.example:8443/"}

// null is a member that is there and null.
var null = json.RawMessage("null")

// claims are JSON members, as a test writes them. A nil value deletes.
type claims map[string]any

func (c claims) with(change claims) claims {
	changed := maps.Clone(c)
	for name, value := range change {
		if changed[name] = value; value == nil {
			delete(changed, name)
		}
	}
	return changed
}

func (c claims) object(t testing.TB) strictjson.Object {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	object, err := strictjson.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return object
}

// statementClaims is a good software statement of the UK's sandbox.
func statementClaims() claims {
	return claims{
		"iss": "OpenBanking Ltd", "iat": now.Add(-time.Minute).Unix(), "jti": "36b5dfe0205c4060",
		"software_id": softwareID, "software_client_name": "A TPP", "software_version": 1.5,
		"software_environment": "sandbox", "software_redirect_uris": softwareURIs,
		"software_roles": []string{"AISP", "PISP"}, "software_jwks_endpoint": jwksURL,
		"org_id": orgID, "org_status": "Active", "org_name": "A TPP Limited",
		"organisation_competent_authority_claims": claims{
			"authority_id": "FCAGBR", "registration_id": "123456", "status": "Active",
			"authorisations": []claims{{"member_state": "GB", "roles": []string{"AISP", "PISP"}}, {"member_state": "IE", "roles": []string{}}},
		},
	}
}

// requestClaims is a good request.
func requestClaims() claims {
	return claims{
		"iss": softwareID, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "aud": "0015800001HQQrZAAY",
		"jti": "92713892-5514-41e9-8647-d663bd873d93", "redirect_uris": softwareURIs[:1],
		"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "PS256",
		"grant_types": []string{"authorization_code", "client_credentials"}, "response_types": []string{"code id_token"},
		"software_id": softwareID, "scope": "openid accounts", "software_statement": "aaa.bbb.ccc", "application_type": "web",
		"id_token_signed_response_alg": "PS256", "request_object_signing_alg": "ES256",
	}
}

var (
	loaded = func() map[string]func() (*dcr.Profile, error) {
		all := map[string]func() (*dcr.Profile, error){}
		for _, name := range profile.Names() {
			all[name] = sync.OnceValues(func() (*dcr.Profile, error) { return profile.Load(name) })
		}
		return all
	}()
	shipped = sync.OnceValues(func() (*dcr.Directory, error) { return directory.Shipped("openbanking-uk-sandbox") })
)

// loadProfile returns a profile that a test may change.
func loadProfile(t testing.TB, name string) *dcr.Profile {
	t.Helper()
	original, err := loaded[name]()
	if err != nil {
		t.Fatal(err)
	}
	changeable := *original
	changeable.Members = maps.Clone(original.Members)
	changeable.Rules = slices.Clone(original.Rules)
	return &changeable
}

// sandbox returns a directory that a test may change.
func sandbox(t testing.TB) *dcr.Directory {
	t.Helper()
	original, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	changeable := *original
	return &changeable
}

func readStatement(t testing.TB, c claims) *dcr.Statement {
	t.Helper()
	statement, err := directory.ReadStatement(sandbox(t), c.object(t), "aaa.bbb.ccc")
	if err != nil {
		t.Fatal(err)
	}
	return statement
}

// registration is a good registration with changes to its request.
func registration(t testing.TB, change claims) *dcr.Registration {
	t.Helper()
	return &dcr.Registration{
		Asked: dcr.Asked{
			Profile: loadProfile(t, "obie-3.3"), Directory: sandbox(t),
			Request: requestClaims().with(change).object(t), Statement: readStatement(t, statementClaims()),
		},
		Now: now, Audiences: []string{"0015800001HQQrZAAY", "https://bank.example"}, AuthMethods: []string{"private_key_jwt", "tls_client_auth"},
		Subject: parseName(t, subjectDN), Algorithms: []string{"PS256", "ES256"},
	}
}

func parseName(t testing.TB, text string) dn.Name {
	t.Helper()
	name, err := dn.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// update makes a PUT of a registration.
func update(r *dcr.Registration) *dcr.Registration {
	r.Current = &dcr.Current{ClientID: "a-client", Software: &dcr.Software{Directory: "openbanking-uk-sandbox", Id: softwareID, OrgId: orgID}, Profile: r.Profile}
	return r
}

// verdict is a refusal as tests write it, "rule pointer" for each finding, with commas, or "" for none.
func verdict(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	refusal, ok := errors.AsType[*dcr.Error](err)
	if !ok {
		t.Fatalf("not a refusal: %v", err)
	}
	var findings []string
	for _, finding := range refusal.All() {
		findings = append(findings, checked(t, finding))
	}
	return strings.Join(findings, ", ")
}

// checked is one finding. It checks what every one must be.
func checked(t testing.TB, refusal *dcr.Error) string {
	t.Helper()
	if len(refusal.Because) > 300 || strings.Trim(refusal.Because, printable) != "" {
		t.Errorf("%s: the sentence must be of at most 300 printable ASCII characters: %s", refusal.Rule, refusal.Because)
	}
	if refusal.Clause == "" || strings.Contains(refusal.Clause, "{") || refusal.Status != 400 {
		t.Errorf("%s: a refusal needs a clause and status 400: %q %d", refusal.Rule, refusal.Clause, refusal.Status)
	}
	wantClass := dcr.InvalidClientMetadata
	switch {
	case strings.HasPrefix(refusal.Pointer, "/redirect_uris"), strings.HasPrefix(refusal.Rule, "redirect_uris."):
		wantClass = dcr.InvalidRedirectURI
	case strings.HasPrefix(refusal.Pointer, "/software_statement"):
		wantClass = refusal.Class // one of two, which the tests of statements ask
	}
	if refusal.Class != wantClass {
		t.Errorf("%s: code %s, want %s", refusal.Rule, refusal.Code, wantClass.Code)
	}
	return refusal.Rule + " " + refusal.Pointer
}

var printable = func() string {
	var all strings.Builder
	for c := ' '; c <= '~'; c++ {
		if c != '"' && c != '\\' {
			all.WriteRune(c)
		}
	}
	return all.String()
}()

// requestCase is a change to a good request and the verdict it must get.
type requestCase struct {
	name   string
	change claims
	want   string
}

// runRequests runs cases through the whole list of rules of OBIE DCR 3.3.
func runRequests(t *testing.T, cases []requestCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := verdict(t, rule.Check(registration(t, c.change))); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// withEach returns good with bad put in at every position.
func withEach(good []string, bad string) [][]string {
	var lists [][]string
	for i := range len(good) + 1 {
		lists = append(lists, slices.Insert(slices.Clone(good), i, bad))
	}
	return lists
}
