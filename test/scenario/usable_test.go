package scenario

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/internal/dn"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// byName changes a request into one for tls_client_auth with this DN.
func (p *tpp) byName(name string) func(*harness.JWT) {
	member := "tls_client_auth_subject_dn"
	if p.Profile == "obie-3.1" {
		member = "tls_client_auth_dn"
	}
	return both(claim("token_endpoint_auth_method", "tls_client_auth"), claim(member, name))
}

// subject is the subject of the software's transport certificate.
func (p *tpp) subject(t *testing.T) dn.Name {
	t.Helper()
	leaf, err := x509.ParseCertificate(p.Transport.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	name, err := dn.ParseDER(leaf.RawSubject)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// What is registered can be used: a request for a client that could never get a token is refused, and what has to be
// changed is said.
func TestUnusableClientsAreNotRegistered(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	own := p.subject(t)
	const subject = "tls_client_auth.subject"
	for _, test := range []struct {
		name   string
		change func(*harness.JWT)
		want   want
		says   string
	}{
		{"another's name", p.byName("CN=tpp.example.com,O=Some Fintech Ltd,C=GB"), metadata(subject), "O differs from character 1 on"},
		{"too little", p.byName("CN=" + p.SoftwareID), metadata(subject), "OU"},
		{"too much", p.byName(own.String() + ",L=London"), metadata(subject), "L"},
		{"in another order", p.byName("OU=" + p.OrgID + ",CN=" + p.SoftwareID + ",O=OpenBanking,C=GB"), metadata(subject), "order"},
		{"an algorithm without a key", claim("token_endpoint_auth_signing_alg", "ES256"), metadata("auth_signing_alg.key"), "PS256"},
		{"request objects without a key", claim("request_object_signing_alg", "ES256"), metadata("auth_signing_alg.request"), "PS256"},
	} {
		t.Run(test.name, func(t *testing.T) {
			request := p.Request()
			test.change(request)
			answer := p.post(t, request)
			test.want.check(t, answer)
			if says := answer.Text("error_description"); !strings.Contains(says, test.says) {
				t.Errorf("it says %q, and nothing of %q", says, test.says)
			}
		})
	}
	p = newTPP(t)
	own = p.subject(t)
	listed := harness.Issue(t, issuingCA(t), harness.TransportTemplate(obwacSubject(p.OrgID)))
	ofListed := (&tpp{Software: &harness.Software{Software: dcrclient.Software{Transport: listed}}}).subject(t).String()
	publish(t, p, listed)
	c := p.register(t, p.byName(ofListed))
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.id}}
	answer := c.do(t, call{method: "POST", url: c.World.File.Token, contentType: formType, body: form.Encode(), certificate: &listed})
	if answer.Status != http.StatusOK {
		t.Fatalf("with the certificate that the directory lists: %s", answer)
	}
	harness.Remember(answer.Text("access_token"))
	deleted := c.do(t, call{method: "DELETE", url: c.url, header: bearer(answer.Text("access_token")), certificate: &listed})
	if deleted.Status != http.StatusNoContent {
		t.Fatal(deleted)
	}
	c = p.register(t, p.byName(own.String()))
	if answer := c.put(t, c.byNameToken(t), change(c, p.byName("CN=other,O=x,C=GB"))); answer.Status != http.StatusBadRequest {
		t.Errorf("an update to another's name: %s", answer)
	}
	c.byNameToken(t)
}

func issuingCA(t *testing.T) *tls.Certificate {
	t.Helper()
	ca, err := gateway.IssuingCA()
	if err != nil {
		t.Fatal(err)
	}
	return &ca
}

// change is a fresh request with changes.
func change(c *client, changes func(*harness.JWT)) *harness.JWT {
	request := c.Request()
	changes(request)
	return request
}

// byNameToken gets a token by tls_client_auth.
func (c *client) byNameToken(t *testing.T) string {
	t.Helper()
	return c.tokenOf(t, map[string][]string{"grant_type": {"client_credentials"}, "client_id": {c.id}})
}

// A client without the grant client_credentials gets a token by it, which manages the client's registration and nothing
// else; with the grant added, its tokens do what they did.
func TestClientWithoutClientCredentials(t *testing.T) {
	t.Parallel()
	c := newTPP(t).register(t, claim("grant_types", []string{"authorization_code", "refresh_token"}))
	refused := want{http.StatusBadRequest, "unauthorized_client", "grant_type.registered"}
	refused.check(t, c.ask(t, c.World.File.Token, c.form(with("scope", "accounts"))))
	answer := c.ask(t, c.World.File.Token, c.form(nil))
	if answer.Status != http.StatusOK || answer.Text("scope") != "" {
		t.Fatalf("token: %s with the scope %q, want none", answer, answer.Text("scope"))
	}
	token := answer.Text("access_token")
	harness.Remember(token)
	if read := c.read(t, token); read.Status != http.StatusOK {
		t.Errorf("its registration: %s", read)
	}
	if api := c.accounts(t, token); api.Status != http.StatusForbidden {
		t.Errorf("the bank's API: %s, want 403", api)
	}
	if answer := c.put(t, token, c.Request()); answer.Status != http.StatusOK {
		t.Fatalf("an update with the grant: %s", answer)
	}
	if api := c.accounts(t, c.token(t)); api.Status != http.StatusOK {
		t.Errorf("the bank's API after the update: %s", api)
	}
}

// A TPP that never received its 201 signs an equal request anew and gets its client, also where duplicates are rejected,
// as long as the client has never been given a token.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	c := p.register(t, nil)
	again := p.post(t, p.Request())
	if again.Status != http.StatusCreated || !reflect.DeepEqual(again.JSON(t), c.document) {
		t.Errorf("an equal request: %s, want the client that was registered", again)
	}
	unfit("software.duplicate").check(t, p.post(t, change(c, claim("scope", "openid payments"))))
	unfit("software.duplicate").check(t, p.post(t, change(c, p.byName(p.subject(t).String()))))
	c.token(t)
	unfit("software.duplicate").check(t, p.post(t, p.Request()))
}

// kinds is how many pairs of a profile and a method there are; each has as many registrations in the property test.
const kinds = 13

// Whatever is registered can be used: each generated request that is answered 201 gets a token at once by the method that
// it named, and deletes itself with it.
func TestWhateverIsRegisteredCanBeUsed(t *testing.T) {
	t.Parallel()
	generated := 1000 // that are answered 201, at least
	if harness.Race || testing.Short() {
		generated = 20 * kinds
	}
	var done, refused atomic.Int64
	t.Run("requests", func(t *testing.T) {
		for seed, profile := range protections {
			t.Run(profile.profile, func(t *testing.T) {
				t.Parallel()
				p := enrol(t, gateway, harness.Order{Profile: profile.profile, Roles: everyRole(profile)})
				g := &generator{tpp: p, random: rand.New(rand.NewPCG(1, uint64(seed))), subject: p.subject(t)}
				for _, method := range methodsOf(profile) {
					for used := 0; used*kinds < generated; {
						c := tried(t, p, g.next(method))
						if c == nil {
							refused.Add(1)
							continue
						}
						c.used(t, method)
						used++
						done.Add(1)
					}
				}
			})
		}
	})
	if t.Logf("%d registrations were used, %d were refused", done.Load(), refused.Load()); done.Load() < int64(generated) || refused.Load() == 0 {
		t.Error("too few were used, or nothing was refused")
	}
}

func methodsOf(p protection) []string {
	if p.profile == "cdr-au" {
		return []string{"private_key_jwt"}
	}
	return []string{"private_key_jwt", "tls_client_auth"}
}

func everyRole(p protection) []string {
	if p.directory() == "sandbox-cdr" {
		return nil
	}
	return []string{"AISP", "PISP", "CBPII"}
}

// tried registers, and returns nil for a refusal.
func tried(t *testing.T, p *tpp, request *harness.JWT) *client {
	t.Helper()
	contentType, body := p.Sent(request)
	answer := p.patient(t, call{method: "POST", url: p.registration, contentType: contentType, body: body})
	switch answer.Status {
	case http.StatusBadRequest:
		return nil
	case http.StatusCreated:
		renew(t, p)
		id := answer.Text("client_id")
		return &client{tpp: p, id: id, url: p.ClientURL(id), document: answer.JSON(t)}
	}
	t.Fatalf("register: %s", answer)
	return nil
}

// used gets a token by the method, and deletes the client.
func (c *client) used(t *testing.T, method string) {
	t.Helper()
	form := c.form(with("scope", absent))
	if c.Profile == "cdr-au" {
		form.Set("scope", "cdr:registration")
	}
	if method == "tls_client_auth" {
		form.Del("client_assertion")
		form.Del("client_assertion_type")
		form.Set("client_id", c.id)
	}
	answer := c.patient(t, call{method: "POST", url: c.World.File.Token, contentType: formType, body: form.Encode()})
	if answer.Status != http.StatusOK {
		t.Fatalf("token by %s: %s\nfor %v", method, answer, c.document)
	}
	token := answer.Text("access_token")
	harness.Remember(token)
	if gone := c.patient(t, call{method: "DELETE", url: c.url, header: bearer(token)}); gone.Status != http.StatusNoContent {
		t.Fatalf("delete: %s\nfor %v", gone, c.document)
	}
}

// patient sends a request again as long as a rate plan refuses it.
func (p *tpp) patient(t *testing.T, c call) *harness.Answer {
	t.Helper()
	for {
		if answer := p.do(t, c); answer.Status != http.StatusTooManyRequests {
			return answer
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// generator makes requests of a software that may or may not be registered.
type generator struct {
	*tpp
	random  *rand.Rand
	subject dn.Name
}

func (g *generator) chance(one, of int) bool { return g.random.IntN(of) < one }

func pick[T any](g *generator, of ...T) T { return of[g.random.IntN(len(of))] }

// some is a selection of values in any order, some of them repeated.
func (g *generator) some(of ...string) []string {
	g.random.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
	chosen := slices.Clone(of[:1+g.random.IntN(len(of))])
	if g.chance(1, 8) {
		chosen = append(chosen, chosen[0])
	}
	return chosen
}

// next is a request that names a method.
func (g *generator) next(method string) *harness.JWT {
	request := g.Request()
	grants := g.some("client_credentials", "authorization_code", "refresh_token")
	if g.Profile == "cdr-au" && g.chance(7, 8) && !slices.Contains(grants, "authorization_code") {
		grants = append(grants, "authorization_code")
	}
	request.Claims["grant_types"] = grants
	if code := slices.Contains(grants, "authorization_code"); !code && g.Profile != "cdr-au" || g.Profile != "cdr-au" && g.chance(1, 2) {
		delete(request.Claims, "response_types")
	}
	if g.chance(1, 3) {
		delete(request.Claims, "redirect_uris")
	}
	if g.Profile != "cdr-au" {
		scopes := g.some("openid", "accounts", "payments", "fundsconfirmations")
		if request.Claims["scope"] = any(strings.Join(scopes, " ")); g.Profile == "obie-3.1" {
			request.Claims["scope"] = scopes
		}
	}
	if g.chance(1, 4) {
		request.Claims["request_object_signing_alg"] = pick(g, "PS256", "ES256")
	}
	if method == "private_key_jwt" {
		if g.chance(1, 4) {
			request.Claims["token_endpoint_auth_signing_alg"] = pick(g, "PS256", "ES256")
		}
		return request
	}
	g.byName(g.name())(request)
	if g.chance(1, 2) && g.Profile != "obie-3.1" {
		delete(request.Claims, "token_endpoint_auth_signing_alg")
	}
	return request
}

// name is the subject of the software's certificate as somebody may write it, or another one.
func (g *generator) name() string {
	reverse := slices.Clone(g.subject)
	slices.Reverse(reverse)
	own, back := g.subject.String(), reverse.String()
	return pick(g,
		own, own, own, back, back, g.subject.Slashes(), strings.ReplaceAll(own, ",", ", "), strings.ToLower(own[:3])+own[3:],
		own[:len(own)-1], own+",L=London", fmt.Sprintf("CN=%s", g.SoftwareID), "CN=tpp.example.com,O=Some Fintech Ltd,C=GB",
	)
}
