package conform

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
)

// interactionHeader is FAPI's (FAPI 1.0 Part 1, section 6.2.1-11).
const interactionHeader = "X-Fapi-Interaction-Id"

// request makes a step's request.
func (c *course) request(ctx context.Context, s Step) (*request, error) {
	if before := c.last[s.Do]; s.Replay && before != nil {
		return before.request, nil
	}
	r := &request{header: http.Header{}, certificate: s.Certificate, interaction: uuid.NewString()}
	if r.certificate == "" {
		r.certificate = "own"
	}
	r.header.Set(interactionHeader, r.interaction)
	r.header.Set("Accept", "application/json")
	var err error
	switch s.Do {
	case "register":
		r.method, r.url = http.MethodPost, c.setup.Base
		err = c.registration(ctx, r, s)
	case "update":
		r.method = http.MethodPut
		err = c.registration(ctx, r, s)
	case "read":
		r.method = http.MethodGet
	case "delete":
		r.method = http.MethodDelete
		r.header.Del("Accept")
	case "token":
		r.method, r.url = http.MethodPost, c.setup.Token
		err = c.tokenRequest(r, s)
	case "discover":
		r.method, r.url = http.MethodGet, c.setup.Discovery
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
		id, err := v.join(c.pathID(s), url.PathEscape)
		if err != nil {
			return err
		}
		r.url = clientURL(c.setup.Base, id)
		if err := c.bear(r, s, v); err != nil {
			return err
		}
	}
	for name, value := range s.Headers {
		text, err := v.join(value, plain)
		if err != nil {
			return err
		}
		r.header.Set(name, text)
	}
	for _, name := range s.OmitHeaders {
		r.header.Del(name)
	}
	r.interaction = r.header.Get(interactionHeader)
	if s.Method != "" {
		r.method = s.Method
	}
	if s.Body != "" {
		r.body = []byte(s.Body)
	}
	return c.query(r, s, v)
}

// pathID is the client that a request is about.
func (c *course) pathID(s Step) string {
	if s.Client != "" {
		return s.Client
	}
	return "${client_id}"
}

// clientURL is where a client is managed. A base that ends in a slash gets no second one.
func clientURL(base, id string) string { return strings.TrimSuffix(base, "/") + "/" + id }

// bear adds the access token (RFC 6750, section 2.1).
func (c *course) bear(r *request, s Step, v values) error {
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
		text, err := v.join(s.Bearer, plain)
		if err != nil {
			return err
		}
		token = text
	}
	r.header.Set("Authorization", "Bearer "+token)
	return nil
}

func (c *course) query(r *request, s Step, v values) error {
	if len(s.Query) == 0 {
		return nil
	}
	query := url.Values{}
	for name, value := range s.Query {
		text, err := v.join(value, plain)
		if err != nil {
			return err
		}
		query.Set(name, text)
	}
	r.url += "?" + query.Encode()
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
	v := c.values().with(values{"statement": constant(forged)})
	template := merged(c.profile.Claims, c.profile.Authentication[c.method])
	if s.Do == "update" { // "the client MUST include its client_id" (RFC 7592, section 2.2)
		template["client_id"] = "${client_id}"
	}
	if r.claims, err = v.object(template); err != nil {
		return err
	}
	maps.Copy(r.claims, c.setup.Claims)
	compact, err := c.signed(r, s, v)
	if err != nil {
		return err
	}
	r.header.Set("Content-Type", c.contentType)
	r.body = []byte(compact)
	return nil
}

// signed writes the claims of a request, changed as a step says, as the profile has them.
func (c *course) signed(r *request, s Step, v values) (string, error) {
	changed, err := v.object(s.Claims)
	if err != nil {
		return "", err
	}
	maps.Copy(r.claims, changed)
	for _, name := range s.OmitClaims {
		delete(r.claims, name)
	}
	token := jws{claims: r.claims, header: c.keys.header(s.Sign), sign: s.Sign}
	if token.claimsAgain, err = v.object(s.ClaimsAgain); err != nil {
		return "", err
	}
	if c.profile.Body == "json" && s.Do != "token" {
		text, err := objectText(token.claims, token.claimsAgain)
		return string(text), err
	}
	header, err := v.object(s.Jose)
	if err != nil {
		return "", err
	}
	maps.Copy(token.header, header)
	for _, name := range s.OmitJose {
		delete(token.header, name)
	}
	if token.headerAgain, err = v.object(s.JoseAgain); err != nil {
		return "", err
	}
	compact, err := c.keys.compact(token)
	if err != nil || s.Spoil == "" {
		return compact, err
	}
	return spoils[s.Spoil](compact), nil
}
