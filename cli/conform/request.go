package conform

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// request makes a step's request.
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

// dress adds to a request what a step says of HTTP.
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
	for name, value := range s.Headers {
		text, err := v.Text(value)
		if err != nil {
			return err
		}
		r.Header.Set(name, text)
	}
	for _, name := range s.OmitHeaders {
		r.Header.Del(name)
	}
	r.interaction = r.Header.Get(dcrclient.InteractionID)
	if s.Method != "" {
		r.Method = s.Method
	}
	if s.Body != "" {
		r.Body = []byte(s.Body)
	}
	return c.query(r, s, v)
}

// bear adds the access token (RFC 6750, section 2.1).
func (c *course) bear(r *request, s Step, v dcrclient.Values) error {
	token := c.token
	switch s.Bearer {
	case "":
	case "none":
		return nil
	case "empty":
		token = ""
	case "changed":
		token = changeSignature("." + token)[1:]
	default:
		text, err := v.Text(s.Bearer)
		if err != nil {
			return err
		}
		token = text
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return nil
}

func (c *course) query(r *request, s Step, v dcrclient.Values) error {
	if len(s.Query) == 0 {
		return nil
	}
	query := url.Values{}
	for name, value := range s.Query {
		text, err := v.Text(value)
		if err != nil {
			return err
		}
		query.Set(name, text)
	}
	r.URL += "?" + query.Encode()
	return nil
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
		r.claims["client_id"] = c.id()
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

// jwt is the claims of a request as a token, changed as a step says.
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

// twice writes an object whose members may be there again.
func twice(object, again map[string]any, v dcrclient.Values) (string, error) {
	filled, err := v.Object(again)
	if err != nil {
		return "", err
	}
	return dcrclient.ObjectText(object, filled)
}
