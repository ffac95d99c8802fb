package filter_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
)

const (
	badStatement = "400 invalid_software_statement statement."
	unapproved   = "400 unapproved_software_statement "
	badMetadata  = "400 invalid_client_metadata "
)

// registering is the request that an application makes.
func (w *world) registering(a *application) *filter.Request {
	r := w.request(nil, a.body(w))
	if a.contentType != "" {
		r.Header.Set("Content-Type", a.contentType)
	}
	r.PeerPEM, r.Route.Profile = a.certificate.escaped, loadProfile(w.t)
	return r
}

// register runs the chain, and holds what it proved against its verdict.
func (w *world) register(chain []filter.Filter, r *filter.Request) error {
	w.t.Helper()
	err := w.run(chain, r)
	if (r.Registration != nil) != (err == nil) || (len(r.UsedJTIs) > 0) != (err == nil) {
		w.t.Errorf("proved %v with used jtis %v, verdict %v", r.Registration, r.UsedJTIs, err)
	}
	return err
}

// ladder has a fault for each step of StatementFilter.Check, in their order. fetched are the sets that have been asked for once
// the step is reached.
func ladder(w *world) []struct {
	name    string
	spoil   func(*application)
	want    string
	fetched string
} {
	software := "directory org-revoked revoked software"
	return []struct {
		name    string
		spoil   func(*application)
		want    string
		fetched string
	}{
		{"4 media type", func(a *application) { a.contentType = "application/json" }, "415 unsupported_media_type content_type", ""},
		{"5 form of the request", func(a *application) { a.requestHeader["alg"] = "RS256" }, badMetadata + "request.jws.alg", ""},
		{"6 no statement", func(a *application) { a.noStatement = true }, badStatement + "missing", ""},
		{"7 form of the statement", func(a *application) { a.statementHeader["alg"] = "none" }, badStatement + "jws.alg", ""},
		{"7 issuer", func(a *application) { a.statement["iss"] = "Somebody Ltd" }, unapproved + "statement.issuer", ""},
		{"7 signature", func(a *application) { a.tamperedSSA = true }, badStatement + "signature", "directory"},
		{"8 claims", func(a *application) { a.statement["software_redirect_uris"] = nil }, badStatement + "missing", "directory"},
		{"8 age", func(a *application) { a.statement["iat"] = w.now.Add(-time.Hour).Unix() }, badStatement + "times.iat", "directory"},
		{"8 status", func(a *application) { a.statement["org_status"] = "Revoked" }, unapproved + "statement.status", "directory"},
		{"9 certificate", func(a *application) { a.certificate = w.mint(w.legacy, legacyName(otherID, orgID), nil) }, badStatement + "certificate", "directory"},
		{"10 host", func(a *application) {
			a.statement["software_jwks_revoked_endpoint"] = "https://127.0.0.1:1/revoked"
		}, unapproved + "keys.host", "directory"},
		{"10 key set is down", func(a *application) {
			a.statement["org_jwks_revoked_endpoint"] = w.keystore.at("nowhere")
		}, "503 temporarily_unavailable keys.unavailable", "directory nowhere revoked"},
		{"11 signature", func(a *application) { kid := a.requestKey.kid; a.requestKey = w.keys.stranger; a.requestKey.kid = kid }, badMetadata + "request.signature", software},
		{"13 data dictionary", func(a *application) { a.request["application_type"] = nil }, badMetadata + "dictionary.required", software},
		{"12 iss", func(a *application) { a.request["iss"] = otherID }, badMetadata + "issuer", software},
		{"12 aud", func(a *application) { a.request["aud"] = "another-bank" }, badMetadata + "audience", software},
		{"12 exp", func(a *application) {
			a.request["iat"], a.request["exp"] = w.now.Unix()-100, w.now.Unix()
		}, badMetadata + "times.exp", software},
		{"13 jwks", func(a *application) { a.request["jwks_uri"] = "https://tpp.example/jwks" }, badMetadata + "keys.jwks_uri", software},
		{"14 redirect URIs", func(a *application) {
			a.request["redirect_uris"] = []string{"https://evil.example/"}
		}, "400 invalid_redirect_uri redirect_uris.statement", software},
		{"15 scope", func(a *application) { a.request["scope"] = "fundsconfirmations" }, badMetadata + "scope.role", software},
		{"nothing is wrong", func(*application) {}, "", software},
	}
}

// TestStatementOrder spoils a request at one step and at all steps after it: the first decides, and nothing is fetched
// before its time.
func TestStatementOrder(t *testing.T) {
	w := newWorld(t)
	steps := ladder(w)
	for i, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			w := w.in(t)
			a := w.application()
			for _, later := range steps[i:] {
				later.spoil(a)
			}
			w.keystore.taken()
			want(t, w.register(w.chain("certificate", "statement"), w.registering(a)), step.want)
			if asked := w.keystore.taken(); asked != step.fetched {
				t.Errorf("fetched %q, want %q", asked, step.fetched)
			}
		})
	}
}

// TestStatementSteps spoils a request at one step only: the rest of it is good.
func TestStatementSteps(t *testing.T) {
	w := newWorld(t)
	for _, step := range ladder(w) {
		t.Run(step.name, func(t *testing.T) {
			w := w.in(t)
			a := w.application()
			step.spoil(a)
			want(t, w.register(w.chain("certificate", "statement"), w.registering(a)), step.want)
		})
	}
}

// TestRequestForm is steps 4 to 6 in detail.
func TestRequestForm(t *testing.T) {
	w := newWorld(t)
	chain := w.chain("certificate", "statement")
	w.keystore.taken()
	tests := []struct {
		name  string
		spoil func(*application)
		want  string
	}{
		{"an empty body", func(a *application) { a.noBody = true }, badMetadata + "request.empty"},
		{"without kid", func(a *application) { a.requestHeader["kid"] = nil }, badMetadata + "request.jws.kid"},
		{"typ of an access token", func(a *application) { a.requestHeader["typ"] = "at+jwt" }, badMetadata + "request.jws.typ"},
		{"unsigned", func(a *application) { a.requestHeader["alg"] = "none" }, badMetadata + "request.jws.alg"},
		{"x5c", func(a *application) { a.requestHeader["x5c"] = []string{"MII"} }, badMetadata + "request.jws.embedded_key"},
		{"too large", func(a *application) { a.request["more"] = strings.Repeat("x", 64<<10) }, badMetadata + "request.jws.size"},
		{"a statement that is an object", func(a *application) { a.request["software_statement"] = claims{} }, badStatement + "missing"},
		{"a statement that is empty", func(a *application) { a.request["software_statement"] = "" }, badStatement + "jws.compact"},
		{"a statement without typ", func(a *application) { a.statementHeader["typ"] = nil }, badStatement + "jws.typ"},
		{"a statement without kid", func(a *application) { a.statementHeader["kid"] = nil }, badStatement + "jws.kid"},
		{"a statement with jku", func(a *application) { a.statementHeader["jku"] = "https://evil.example/" }, badStatement + "jws.embedded_key"},
		{"a statement without iss", func(a *application) { a.statement["iss"] = nil }, badStatement + "iss"},
		{"a statement of an issuer in other letters", func(a *application) { a.statement["iss"] = "openbanking ltd" }, unapproved + "statement.issuer"},
		{"a statement of an issuer with a space", func(a *application) { a.statement["iss"] = "OpenBanking Ltd " }, unapproved + "statement.issuer"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := w.in(t).application()
			test.spoil(a)
			want(t, w.in(t).register(chain, w.registering(a)), test.want)
			if asked := w.keystore.taken(); asked != "" {
				t.Errorf("fetched %q for what nobody has vouched for", asked)
			}
		})
	}
	for _, body := range []string{"garbage", "a.b", "a.b.c.d.e", "..", " ", strings.Repeat(".", 100)} {
		r := w.registering(w.application())
		r.Body = []byte(body)
		if got := verdict(t, w.register(chain, r)); !strings.HasPrefix(got, badMetadata+"request.jws.") {
			t.Errorf("the body %q: got %q", body, got)
		}
	}
	r := w.registering(w.application())
	r.Body = append(r.Body, '\n')
	want(t, w.register(chain, r), badMetadata+"request.jws.base64")
}

// TestRegistration asks what is proved of a good request.
func TestRegistration(t *testing.T) {
	w := newWorld(t)
	for _, algorithm := range []key{w.keys.software, w.keys.softwareRSA} {
		t.Run(algorithm.algorithm, func(t *testing.T) {
			a := w.application()
			a.requestKey = algorithm
			r := w.registering(a)
			want(t, w.in(t).register(w.chain("certificate", "statement"), r), "")
			g := r.Registration
			if g.Statement.Software.Directory != "loopback" || g.Statement.Software.Id != softwareID || g.Statement.Software.OrgId != orgID ||
				g.Profile.Name != "obie-3.3" || g.CertificateType.Name != "ob_legacy" || !strings.Contains(string(r.Body), ".") {
				t.Errorf("got %+v of %+v", g, g.Statement)
			}
		})
	}
}

// TestAudiencesOfARoute: a route's own audiences take the place of the file's.
func TestAudiencesOfARoute(t *testing.T) {
	w := newWorld(t)
	chain := w.chain("certificate", "statement")
	for _, c := range []struct {
		aud  string
		own  []string
		want string
	}{
		{bankID, nil, ""},
		{bankID, []string{"another", bankID}, ""},
		{bankID, []string{issuerURL}, badMetadata + "audience"},
		{issuerURL, []string{issuerURL}, ""},
		{issuerURL, nil, badMetadata + "audience"},
	} {
		a := w.application()
		a.request["aud"] = c.aud
		r := w.registering(a)
		r.Route.Audiences = c.own
		if got := verdict(t, w.register(chain, r)); got != c.want {
			t.Errorf("aud %s at a route with %v: got %q, want %q", c.aud, c.own, got, c.want)
		}
	}
}
