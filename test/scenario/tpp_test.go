package scenario

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// tpp is a software product that uses the gateway, by default over HTTP/2 and with its own transport certificate.
type tpp struct {
	*harness.Software
	protocol     harness.Protocol
	registration string // endpoint
}

// newTPP has the directory make a software for a test, in the shared world.
func newTPP(t *testing.T) *tpp { t.Helper(); return enrol(t, gateway, harness.Order{}) }

func enrol(t *testing.T, w *harness.World, order harness.Order) *tpp {
	t.Helper()
	s, err := w.Enrol(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	return &tpp{Software: s, protocol: harness.HTTP2, registration: s.RegistrationURL()}
}

// follow makes the software follow another profile of its directory.
func (p *tpp) follow(profile string) {
	p.Profile = profile
	p.registration = p.RegistrationURL()
}

// statement is a fresh statement of the directory for this software, with changes.
func (p *tpp) statement(t *testing.T, changes harness.Changes) string {
	t.Helper()
	statement, err := p.Statement(t.Context(), changes)
	if err != nil {
		t.Fatal(err)
	}
	return statement
}

// call is a request about to be sent.
type call struct {
	method, url, contentType, body string

	header      http.Header
	certificate *tls.Certificate // the software's own when nil
	anonymous   bool             // with none
	chunked     bool             // without a Content-Length
	protocol    harness.Protocol
}

// do sends a request and checks what every answer of the gateway must be like.
func (p *tpp) do(t *testing.T, c call) *harness.Answer {
	t.Helper()
	answer, err := p.send(t, c)
	if err != nil {
		t.Fatalf("%s %s: %v", c.method, c.url, err)
	}
	return answer
}

// send is do for requests that may get no answer at all.
func (p *tpp) send(t *testing.T, c call) (*harness.Answer, error) {
	t.Helper()
	request := c.request(t)
	answer, err := p.roundTrip(c, request)
	if err == nil {
		checkAnswer(t, request, answer)
	}
	return answer, err
}

// exchange is send where it is not the product that answers.
func (p *tpp) exchange(t *testing.T, c call) (*harness.Answer, error) {
	t.Helper()
	return p.roundTrip(c, c.request(t))
}

func (c call) request(t *testing.T) *http.Request {
	t.Helper()
	request, err := harness.NewRequest(t.Context(), c.method, c.url, c.contentType, c.body)
	if err != nil {
		t.Fatal(err)
	}
	if c.chunked {
		request.ContentLength = -1
	}
	for name, values := range c.header {
		request.Header[name] = values
	}
	if _, set := c.header[interactionID]; !set {
		request.Header.Set(interactionID, newUUID())
	}
	return request
}

func (p *tpp) roundTrip(c call, request *http.Request) (*harness.Answer, error) {
	certificate, protocol := c.certificate, c.protocol
	if certificate == nil && !c.anonymous {
		certificate = &p.Transport
	}
	if protocol == "" {
		protocol = p.protocol
	}
	return harness.Do(p.World.Client(certificate, protocol), request)
}

// post sends a registration request to the registration endpoint.
func (p *tpp) post(t *testing.T, request *harness.JWT) *harness.Answer {
	t.Helper()
	contentType, body := p.Sent(request)
	return p.do(t, call{method: "POST", url: p.registration, contentType: contentType, body: body})
}

// client is a registered client of a software product.
type client struct {
	*tpp
	id       string
	url      string         // of its registration
	document map[string]any // what the registration answered
}

// register registers the software with a request of its own, after a change.
func (p *tpp) register(t *testing.T, change func(*harness.JWT)) *client {
	t.Helper()
	request := p.Request()
	if change != nil {
		change(request)
	}
	answer := p.post(t, request)
	if answer.Status != http.StatusCreated {
		t.Fatalf("register: %s", answer)
	}
	document := answer.JSON(t)
	id, _ := document["client_id"].(string)
	return &client{tpp: p, id: id, url: p.ClientURL(id), document: document}
}

// newClient is a new software of the shared world that is registered with private_key_jwt.
func newClient(t *testing.T) *client { t.Helper(); return newTPP(t).register(t, nil) }

// form is the parameters of a token request with a fresh assertion, after changes: "" takes a parameter away.
func (c *client) form(changes url.Values) url.Values {
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
	if _, set := changes["client_assertion"]; !set {
		form.Set("client_assertion", c.Assertion(c.id).Compact())
	}
	if scope := c.TokenScope(); scope != "" {
		form.Set("scope", scope)
	}
	for name, values := range changes {
		if len(values) == 1 && values[0] == absent {
			form.Del(name)
		} else {
			form[name] = values
		}
	}
	return form
}

// absent takes a parameter away from a form.
const absent = "\x00absent"

const formType = "application/x-www-form-urlencoded"

// ask posts a form to one of the OAuth endpoints.
func (c *client) ask(t *testing.T, endpoint string, form url.Values) *harness.Answer {
	t.Helper()
	return c.do(t, call{method: "POST", url: endpoint, contentType: formType, body: form.Encode()})
}

// token gets an access token with all that the client is registered for.
func (c *client) token(t *testing.T) string {
	t.Helper()
	return c.tokenOf(t, c.form(nil))
}

func (c *client) tokenOf(t *testing.T, form url.Values) string {
	t.Helper()
	answer := c.ask(t, c.World.File.Token, form)
	if answer.Status != http.StatusOK {
		t.Fatalf("token: %s", answer)
	}
	token, _ := answer.JSON(t)["access_token"].(string)
	harness.Remember(token)
	return token
}

// bearer is a header that carries a token.
func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// read asks for the client's registration with a token.
func (c *client) read(t *testing.T, token string) *harness.Answer {
	t.Helper()
	return c.do(t, call{method: "GET", url: c.url, header: bearer(token)})
}

// accounts asks the bank's API with a token.
func (c *client) accounts(t *testing.T, token string) *harness.Answer {
	t.Helper()
	return c.do(t, call{method: "GET", url: c.API().URL, header: bearer(token)})
}
