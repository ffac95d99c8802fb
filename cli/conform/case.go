package conform

import (
	"context"
	"fmt"
	"slices"
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
	// Also when the user has had enough: what is registered must go.
	if err := course.clean(context.WithoutCancel(ctx)); err != nil {
		result.stop = err
	}
	return result
}

// skip says why a case cannot be run here.
func (r *run) skip(c Case) string {
	method := c.As
	if method == "" {
		method = r.setup.AuthMethod
	}
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

// lacks says what is not at hand of what a case needs.
func (r *run) lacks(need string) string {
	switch need {
	case "signed":
		return unless(r.profile.Body == "jws", "requests are not signed in this profile")
	case "rsa":
		return unless(r.keys.algorithm() == "PS256", "the signing key is not RSA")
	case "discovery":
		return unless(r.setup.Discovery != "", "the bank's discovery document is not known: --discovery")
	case "other_certificate":
		return unless(r.setup.Other != nil, "there is no certificate of another TPP: --other-cert and --other-key")
	case "redirects":
		return unless(r.several, "the software statement has one redirect URI alone")
	default: // an authentication method
		return unless(need == r.setup.AuthMethod || slices.Contains(r.offered, need), "the bank's discovery document does not offer "+need)
	}
}

func unless(good bool, why string) string {
	if good {
		return ""
	}
	return why
}

// follow does what the case says. Its error is of this side: the case could not be run.
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
