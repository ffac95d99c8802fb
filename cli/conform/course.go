package conform

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// course is one case under way.
type course struct {
	*run
	method    string // how its clients authenticate
	token     string // the access token at hand
	statement string // the last that was used
	clients   []*registered
	last      map[string]*exchange // by what a step did
}

// registered is a client that the bank has, and that has to go again.
type registered struct {
	id, method string
	tried      bool // to delete it
	gone       bool
}

// exchange is a request, and what was answered.
type exchange struct {
	request *request
	answer  *dcrclient.Answer
	json    map[string]any // of the answer; nil where it is no JSON object
}

func (r *run) newCourse(method string) *course {
	if method == "" {
		method = r.setup.AuthMethod
	}
	c := &course{run: r, method: method, last: map[string]*exchange{}}
	if r.kept != nil {
		c.clients = append(c.clients, r.kept)
	}
	return c
}

// id is that of the client that was registered last, "" where there is none.
func (c *course) id() string {
	if len(c.clients) == 0 {
		return ""
	}
	return c.clients[len(c.clients)-1].id
}

// values are what names stand for at this point of the case.
func (c *course) values() dcrclient.Values {
	return c.run.values.With(dcrclient.Values{
		"client_id": dcrclient.Constant(c.id()),
		"token":     dcrclient.Constant(c.token),
		"statement": dcrclient.Constant(c.statement),
		"assertion": func() (any, error) {
			token, err := c.assertion(&request{}, Step{})
			if err != nil {
				return nil, err
			}
			return token.Compact()
		},
	})
}

// software is the TPP's, as it authenticates in this case.
func (c *course) software() *dcrclient.Software {
	software := c.run.software
	software.AuthMethod = c.method
	return &software
}

// play does one step, and keeps what came of it. Its error is of the request's making; what the bank did to it is failure.
func (c *course) play(ctx context.Context, s Step) (x *exchange, failure, err error) {
	x = &exchange{}
	if x.request, err = c.request(ctx, s); err != nil {
		return nil, nil, err
	}
	c.last[s.Do] = x
	if s.Do == "delete" && len(c.clients) > 0 && s.Client == "" {
		c.clients[len(c.clients)-1].tried = true
	}
	if x.answer, failure = c.wire.send(ctx, x.request); failure != nil {
		return x, failure, nil
	}
	if object, err := dcrclient.Object(x.answer.Body); err == nil {
		x.json = object
	}
	c.keep(s, x)
	return x, nil, nil
}

// keep remembers what the bank has made or unmade.
func (c *course) keep(s Step, x *exchange) {
	if !x.answer.OK() {
		return
	}
	switch s.Do {
	case "register":
		id, _ := x.json["client_id"].(string)
		known := slices.ContainsFunc(c.clients, func(r *registered) bool { return r.id == id })
		if id == "" || known {
			return
		}
		method, _ := x.json["token_endpoint_auth_method"].(string)
		if c.profile.Authentication[method] == nil {
			method = c.method
		}
		c.clients = append(c.clients, &registered{id: id, method: method})
	case "token":
		if token, _ := x.json["access_token"].(string); token != "" {
			c.token = token
			c.secrets = append(c.secrets, token)
		}
	case "delete", "update": // a bank that replaces a deleted client has it again
		if len(c.clients) > 0 && s.Client == "" && s.Method == "" {
			c.clients[len(c.clients)-1].gone = s.Do == "delete"
		}
	}
}

// given brings the bank to where the case begins: a client, a token of it.
func (c *course) given(ctx context.Context, what string) (failure string, err error) {
	var steps []Step
	if what != "" && c.kept == nil {
		steps = append(steps, Step{Do: "register"})
	}
	if what == "token" {
		steps = append(steps, Step{Do: "token"})
	}
	for _, s := range steps {
		x, failure, err := c.play(ctx, s)
		if err != nil {
			return "", err
		}
		if wrong := c.judge(s, x, failure); len(wrong) > 0 {
			return fmt.Sprintf("before the case, %s: %s", s.Do, wrong[0]), nil
		}
	}
	return "", nil
}

// clean deletes what the case has registered.
func (c *course) clean(ctx context.Context) error {
	for _, client := range c.clients {
		if client.gone || client == c.kept {
			continue
		}
		if err := c.remove(ctx, client); err != nil {
			return fmt.Errorf("the client %s is left behind at the bank: %w", shown(client.id), err)
		}
	}
	return nil
}

func (c *course) remove(ctx context.Context, client *registered) error {
	own := c.newCourse(client.method)
	own.clients = []*registered{client}
	tried := client.tried
	for _, s := range []Step{{Do: "token"}, {Do: "delete"}} {
		x, failure, err := own.play(ctx, s)
		if err != nil || failure != nil {
			return fmt.Errorf("%s: %w", s.Do, errors.Join(err, failure))
		}
		if s.Do == "token" && tried && code(x) == "invalid_client" { // it was deleted, whatever the bank said to it
			return nil
		}
		if !x.answer.OK() {
			return fmt.Errorf("%s: %s", s.Do, c.came(x))
		}
	}
	return nil
}
