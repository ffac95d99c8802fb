package conform

import (
	"cmp"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// tokenRequest writes a request for an access token of the client's own (RFC 6749, section 4.4).
func (c *course) tokenRequest(r *request, s Step) error {
	assertion, err := c.assertion(r, s)
	if err != nil {
		return err
	}
	form, err := c.software().TokenForm(c.id(), "", assertion)
	if err != nil {
		return err
	}
	v := c.values()
	for name, value := range s.Form {
		text, err := v.Text(value)
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
	r.SetBody(dcrclient.FormType, []byte(form.Encode()))
	return nil
}

// assertion authenticates the client, changed as a step says.
func (c *course) assertion(r *request, s Step) (*dcrclient.JWT, error) {
	r.claims = c.software().Assertion(c.id(), c.audience()).Claims
	return c.jwt(r, s, c.values())
}

// audience is that of assertions: the bank's issuer, as RFC 10070 wants it, where that is known.
func (c *course) audience() string { return cmp.Or(c.setup.Issuer, c.setup.Token) }
