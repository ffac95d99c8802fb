package conform

import (
	"net/url"
	"time"

	"github.com/google/uuid"
)

// assertionType is the only value there is (RFC 7523, section 2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// lifetime is how long an assertion is good for.
const lifetime = 5 * time.Minute

// tokenRequest writes a request for an access token of the client's own (RFC 6749, section 4.4).
func (c *course) tokenRequest(r *request, s Step) error {
	form := url.Values{"grant_type": {"client_credentials"}}
	if c.profile.TokenScope != "" {
		form.Set("scope", c.profile.TokenScope)
	}
	if c.method == "tls_client_auth" {
		form.Set("client_id", c.id()) // "MUST include the client_id" (RFC 8705, section 2)
	} else {
		assertion, err := c.assertion(r, s)
		if err != nil {
			return err
		}
		form.Set("client_assertion_type", assertionType)
		form.Set("client_assertion", assertion)
	}
	v := c.values()
	for name, value := range s.Form {
		text, err := v.join(value, plain)
		if err != nil {
			return err
		}
		form.Set(name, text)
	}
	for _, name := range s.OmitForm {
		form.Del(name)
	}
	for name, value := range s.FormAgain {
		form.Add(name, value)
	}
	r.header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.body = []byte(form.Encode())
	return nil
}

// assertion authenticates the client (RFC 7523, section 3). Its audience is the bank's issuer, as RFC 10070 wants it, where
// that is known.
func (c *course) assertion(r *request, s Step) (string, error) {
	audience := c.setup.Issuer
	if audience == "" {
		audience = c.setup.Token
	}
	now := time.Now()
	r.claims = map[string]any{
		"iss": c.id(), "sub": c.id(), "aud": audience, "jti": uuid.NewString(),
		"iat": now.Unix(), "exp": now.Add(lifetime).Unix(),
	}
	return c.signed(r, s, c.values())
}
