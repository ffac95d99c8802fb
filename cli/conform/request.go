package conform

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// request builds a step's request.
func (c *course) request(ctx context.Context, s Step) (*request, error) {
	if before := c.last[s.Do]; s.Replay && before != nil {
		return before.request, nil
	}
	r := &request{Request: dcrclient.NewRequest(http.MethodGet, ""), certificate: cmp.Or(s.Certificate, "own")}
	var err error
	switch s.Do {
	case "register":
		r.Method, r.URL = http.MethodPost, c.setup.Base
		err = c.registration(ctx, r, s)
	case "update":
		r.Method = http.MethodPut
		err = c.registration(ctx, r, s)
	case "delete":
		r.Method = http.MethodDelete
		r.Header.Del("Accept")
	case "token":
		r.Method, r.URL = http.MethodPost, c.setup.Token
		err = c.tokenRequest(r, s)
	case "discover":
		r.URL = c.setup.Discovery
	}
	if err != nil {
		return nil, err
	}
	return r, c.dress(r, s)
}

// dress applies a step's HTTP settings to a request.
func (c *course) dress(r *request, s Step) error {
	v := c.values()
	switch s.Do {
	case "read", "update", "delete":
		id, err := v.Text(cmp.Or(s.Client, "${client_id}"))
		if err != nil {
			return err
		}
		r.URL = dcrclient.ClientURL(c.setup.Base, id)
		if err := c.bear(r, s, v); err != nil {
			return err
		}
	}
	query := url.Values{}
	if err := errors.Join(fill(v, s.Headers, r.Header.Set), fill(v, s.Query, query.Set)); err != nil {
		return err
	}
	for _, name := range s.OmitHeaders {
		r.Header.Del(name)
	}
	if len(query) > 0 {
		r.URL += "?" + query.Encode()
	}
	r.interaction = r.Header.Get(dcrclient.InteractionID)
	r.Method = cmp.Or(s.Method, r.Method)
	if s.Body != "" {
		r.Body = []byte(s.Body)
	}
	return nil
}

// fill sets strings by name, with the names in them replaced.
func fill(v dcrclient.Values, texts map[string]string, set func(name, text string)) error {
	for name, value := range texts {
		text, err := v.Text(value)
		if err != nil {
			return err
		}
		set(name, text)
	}
	return nil
}

// bear adds the access token (RFC 6750, section 2.1).
func (c *course) bear(r *request, s Step, v dcrclient.Values) error {
	token, err := c.token, error(nil)
	switch s.Bearer {
	case "":
	case "none":
		return nil
	case "empty":
		token = ""
	case "changed":
		token = changeSignature("." + token)[1:]
	default:
		token, err = v.Text(s.Bearer)
	}
	r.Bearer(token)
	return err
}

// registration writes the body that registers or replaces a client.
func (c *course) registration(ctx context.Context, r *request, s Step) error {
	text, err := c.supply.next(ctx)
	if err != nil {
		return err
	}
	if r.statement, err = claims(text); err != nil {
		return err
	}
	c.statement = text
	forged, err := c.keys.forge(text, s.Statement)
	if err != nil {
		return err
	}
	v := c.values().With(dcrclient.Values{"statement": dcrclient.Constant(forged)})
	if r.claims, err = c.profile.Registration(c.method, v); err != nil {
		return err
	}
	if s.Do == "update" { // "the client MUST include its client_id" (RFC 7592, section 2.2)
		r.claims["client_id"] = c.client().id
	}
	maps.Copy(r.claims, c.setup.Claims)
	token, err := c.jwt(r, s, v)
	if err != nil {
		return err
	}
	_, body, err := c.software().Body(token)
	r.SetBody(c.contentType, body)
	return err
}

// jwt returns the claims of a request as a token, changed as a step says.
func (c *course) jwt(r *request, s Step, v dcrclient.Values) (*dcrclient.JWT, error) {
	changed, err := v.Object(s.Claims)
	if err != nil {
		return nil, err
	}
	maps.Copy(r.claims, changed)
	for _, name := range s.OmitClaims {
		delete(r.claims, name)
	}
	token := c.keys.token(r.claims, s.Sign)
	header, err := v.Object(s.Jose)
	if err != nil {
		return nil, err
	}
	maps.Copy(token.Header, header)
	for _, name := range s.OmitJose {
		delete(token.Header, name)
	}
	if token.RawClaims, err = twice(token.Claims, s.ClaimsAgain, v); err != nil {
		return nil, err
	}
	token.RawHeader, err = twice(token.Header, s.JoseAgain, v)
	token.Change = spoils[s.Spoil]
	return token, err
}

// twice returns an object with repeated members.
func twice(object, again map[string]any, v dcrclient.Values) (string, error) {
	filled, err := v.Object(again)
	if err != nil {
		return "", err
	}
	return dcrclient.ObjectText(object, filled)
}

// tokenRequest writes a client credentials request (RFC 6749, section 4.4).
func (c *course) tokenRequest(r *request, s Step) error {
	assertion, err := c.assertion(r, s)
	if err != nil {
		return err
	}
	form, err := c.software().TokenForm(c.client().id, "", assertion)
	if err != nil {
		return err
	}
	if err := fill(c.values(), s.Form, form.Set); err != nil {
		return err
	}
	for _, name := range s.OmitForm {
		form.Del(name)
	}
	for name, value := range s.FormAgain {
		form.Add(name, value)
	}
	r.SetBody(dcrclient.FormType, []byte(form.Encode()))
	return nil
}

// assertion authenticates the client, changed as a step says.
func (c *course) assertion(r *request, s Step) (*dcrclient.JWT, error) {
	audience := cmp.Or(c.setup.Issuer, c.setup.Token) // the issuer if it is known, as RFC 10070 requires
	r.claims = c.software().Assertion(c.client().id, audience).Claims
	return c.jwt(r, s, c.values())
}

// request is an HTTP request with the values that it was built from.
type request struct {
	*dcrclient.Request
	certificate string // own, other or none

	claims      map[string]any // of the registration request, or of the assertion
	statement   map[string]any // of the request
	interaction string
}

// wire holds an HTTP client for each certificate.
type wire map[string]*http.Client

func newWire(s *Setup) wire {
	w := wire{"own": dcrclient.NewHTTP(s.Roots, &s.Certificate), "none": dcrclient.NewHTTP(s.Roots, nil)}
	if s.Other != nil {
		w["other"] = dcrclient.NewHTTP(s.Roots, s.Other)
	}
	for _, client := range w {
		dcrclient.ConnectTo(client, s.Connect)
	}
	return w
}

// close ends the connections that are still open.
func (w wire) close() {
	for _, client := range w {
		client.CloseIdleConnections()
	}
}

// send sends a request. A response of any status is not an error. An error does not name the URL, which may hold a token.
func (w wire) send(ctx context.Context, r *request) (*dcrclient.Answer, error) {
	answer, err := dcrclient.Send(ctx, w[r.certificate], r.Request)
	if of, ok := errors.AsType[*url.Error](err); ok {
		err = of.Err
	}
	return answer, err
}
