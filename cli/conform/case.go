package conform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// one runs a single case.
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
	// Delete what was registered, even if the user has stopped the run.
	if err := course.clean(context.WithoutCancel(ctx)); err != nil {
		result.stop = err
	}
	return result
}

// skip returns why a case cannot run here; "" if it can.
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

// lacks returns what a case needs and the run does not have; "" if it has it.
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

// follow runs the steps of a case. An error means that the case could not run, whatever the bank does.
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
			return Skipped, []string{"the access token is opaque"}, nil
		}
	}
	return Holds, nil, nil
}

// course is the state of a running case.
type course struct {
	*run
	method    string // authentication method of its clients
	token     string // the current access token
	statement string // the last one used
	clients   []*registered
	last      map[string]*exchange // by what a step did
}

// registered is a client at the bank, which must be deleted in the end.
type registered struct {
	id, method string
	tried      bool // a deletion was attempted
	gone       bool
}

// exchange is a request with its response.
type exchange struct {
	request *request
	answer  *dcrclient.Answer
	json    map[string]any // of the response; nil if it is not a JSON object
}

func (r *run) newCourse(method string) *course {
	c := &course{run: r, method: cmp.Or(method, r.setup.AuthMethod), last: map[string]*exchange{}}
	if r.kept != nil {
		c.clients = append(c.clients, r.kept)
	}
	return c
}

// client returns the client registered last; one without an id if there is none.
func (c *course) client() *registered {
	if len(c.clients) == 0 {
		return &registered{}
	}
	return c.clients[len(c.clients)-1]
}

// values returns the values of names at this point of the case.
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

// software returns the TPP's software product with the authentication method of this case.
func (c *course) software() *dcrclient.Software {
	software := c.run.software
	software.AuthMethod = c.method
	return &software
}

// play runs one step and records its effects. err means that the request could not be built, failure that no response
// arrived.
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

// keep records what the bank has created or deleted.
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
	case "delete", "update": // an update may bring a deleted client back
		if s.Client == "" && s.Method == "" {
			c.client().gone = s.Do == "delete"
		}
	}
}

// given creates the preconditions of the case: a client, and its token.
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

// clean deletes everything that the case registered.
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
		if s.Do == "token" && client.tried && code(x) == "invalid_client" { // it was deleted, whatever the bank answered
			return nil
		}
		if !x.answer.OK() {
			return fmt.Errorf("%s: %s", s.Do, c.came(x))
		}
	}
	return nil
}
