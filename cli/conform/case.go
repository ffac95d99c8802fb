package conform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// one runs one case.
func (r *run) one(ctx context.Context, c Case, stopped string) Result {
	result := Result{ID: c.ID, Title: c.Title, Clause: c.Clause, Sentence: c.Sentence, Outcome: Skipped}
	if stopped != "" {
		result.Because = []string{"the run was stopped before"}
		return result
	}
	if why := r.skip(c); why != "" {
		result.Because = []string{why}
		return result
	}
	course := r.newCourse(c.As)
	result.Outcome, result.Because, result.stop = course.follow(ctx, c)
	if result.stop != nil {
		result.Outcome, result.Because = Skipped, []string{"it could not be run"}
	}
	// What is registered must go, also when the user has stopped the run.
	if err := course.clean(context.WithoutCancel(ctx)); err != nil {
		result.stop = err
	}
	return result
}

// skip says why a case cannot be run here.
func (r *run) skip(c Case) string {
	method := cmp.Or(c.As, r.setup.AuthMethod)
	if r.profile.Authentication[method] == nil {
		return "the profile has no " + method
	}
	for _, need := range c.Needs {
		if why := r.lacks(need); why != "" {
			return why
		}
	}
	if r.kept == nil {
		return ""
	}
	for _, s := range c.Steps {
		changes := s.Do == "register" || s.Do == "delete" || s.Do == "update" && !r.supply.more()
		if changes || s.Expect.Same == "register" || method != r.kept.method {
			return r.why
		}
	}
	return ""
}

// lacks says what a case needs that is not at hand, "" where it is.
func (r *run) lacks(need string) (why string) {
	have, why := need == r.setup.AuthMethod || slices.Contains(r.offered, need), "the bank's discovery document does not offer "+need
	switch need {
	case "signed":
		have, why = r.profile.Body == "jws", "requests are not signed in this profile"
	case "rsa":
		have, why = r.keys.algorithm() == "PS256", "the signing key is not RSA"
	case "discovery":
		have, why = r.setup.Discovery != "", "the bank's discovery document is not known: --discovery"
	case "other_certificate":
		have, why = r.setup.Other != nil, "there is no certificate of another TPP: --other-cert and --other-key"
	case "redirects":
		have, why = r.several, "the software statement has only one redirect URI"
	}
	if have {
		return ""
	}
	return why
}

// follow runs the steps of a case. An error is our own fault: the case could not be run.
func (c *course) follow(ctx context.Context, of Case) (Outcome, []string, error) {
	failure, err := c.given(ctx, of.Given)
	if err != nil || failure != "" {
		return Fails, []string{failure}, err
	}
	for i, s := range of.Steps {
		x, failure, err := c.play(ctx, s)
		if err != nil {
			return Fails, nil, err
		}
		if ctx.Err() != nil {
			return Fails, nil, ctx.Err()
		}
		if failure == nil && slices.Contains(s.Expect.Open, x.answer.Status) {
			return Skipped, []string{fmt.Sprintf("the bank answers %s with %d, which the standard leaves open", s.Do, x.answer.Status)}, nil
		}
		wrong := c.judge(s, x, failure)
		for j := range wrong {
			wrong[j] = c.hide(fmt.Sprintf("step %d, %s: %s", i+1, s.Do, wrong[j]))
		}
		if len(wrong) > 0 {
			return Fails, wrong, nil
		}
		if s.Expect.Bound && !readable(x) {
			return Skipped, []string{"the access token cannot be read from outside"}, nil
		}
	}
	return Holds, nil, nil
}

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
	c := &course{run: r, method: cmp.Or(method, r.setup.AuthMethod), last: map[string]*exchange{}}
	if r.kept != nil {
		c.clients = append(c.clients, r.kept)
	}
	return c
}

// client is the one that was registered last; one without an id where there is none.
func (c *course) client() *registered {
	if len(c.clients) == 0 {
		return &registered{}
	}
	return c.clients[len(c.clients)-1]
}

// values are what names stand for at this point of the case.
func (c *course) values() dcrclient.Values {
	return c.run.values.With(dcrclient.Values{
		"client_id": dcrclient.Constant(c.client().id),
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

// play does one step, and keeps what came of it. err says that the request could not be made, failure that no answer came.
func (c *course) play(ctx context.Context, s Step) (x *exchange, failure, err error) {
	x = &exchange{}
	if x.request, err = c.request(ctx, s); err != nil {
		return nil, nil, err
	}
	c.last[s.Do] = x
	if s.Do == "delete" && s.Client == "" {
		c.client().tried = true
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
		if id == "" || slices.ContainsFunc(c.clients, func(r *registered) bool { return r.id == id }) {
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
		if s.Client == "" && s.Method == "" {
			c.client().gone = s.Do == "delete"
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
	for _, s := range []Step{{Do: "token"}, {Do: "delete"}} {
		x, failure, err := own.play(ctx, s)
		if err != nil || failure != nil {
			return fmt.Errorf("%s: %w", s.Do, errors.Join(err, failure))
		}
		if s.Do == "token" && client.tried && code(x) == "invalid_client" { // it was deleted, whatever the bank said to it
			return nil
		}
		if !x.answer.OK() {
			return fmt.Errorf("%s: %s", s.Do, c.came(x))
		}
	}
	return nil
}
