package edge

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// TestTricks tries every trick on every kind of protected route of the shipped routes.yaml: without a token, with another
// TPP's, and with the right one. Routes that differ only in their names and paths share the tricks among them. The response
// is that of the plain request, or a refusal; and what reaches the bank is the plain request, or nothing.
func TestTricks(t *testing.T) {
	change(t, func(text string) string { // with plans that refuse nothing here
		return strings.Replace(text, "{per_source: 1000/s, per_client: 500/s}", "{per_source: 900000/s, per_client: 900000/s}", 1)
	})
	uk, other, recipient := register(t), register(t), world.Register(t, harness.Order{Profile: "cdr-au"})
	a := &attack{bank: record(t), file: readRoutes(t)}
	all := endpoints(t, a.file, uk)
	kinds, tricked := map[string]int{}, map[string]int{} // endpoints of a kind: all, and those before this one
	for _, e := range all {
		kinds[e.kind()]++
	}
	for _, e := range all {
		mine := share{tricked[e.kind()], kinds[e.kind()]}
		tricked[e.kind()]++
		client := uk
		if slices.Contains(e.route.Roles, "data-recipient-software-product") {
			client = recipient
		}
		for name, shown := range map[string]*harness.Registered{"no token": nil, "another's token": other, "the right token": client} {
			if shown == client && e.changes() {
				continue
			}
			t.Run(e.route.Name+" "+e.method+" "+name, func(t *testing.T) {
				t.Parallel()
				for protocol, sender := range senders(t, &client.Transport) {
					a.try(t, e, mine, credentials{shown, shown == client}, protocol, sender)
				}
			})
		}
	}
	t.Cleanup(func() {
		if unasked := a.bank.unasked(); unasked > 0 {
			t.Errorf("%d requests of nobody have reached the bank", unasked)
		}
		t.Logf("%d tricks: %d got what the plain request gets, %d were refused otherwise", a.tried.Load(), a.same.Load(), a.refused.Load())
		if a.same.Load() < 100 || a.refused.Load() < 1000 {
			t.Error("the test shows too little")
		}
	})
}

// share is the part of the tricks that one of several like endpoints receives.
type share struct{ number, of int }

// credentials say whose token a request has; it has none if that is nil.
type credentials struct {
	of    *harness.Registered
	right bool
}

func (c credentials) show(m message) message {
	m.headers = slices.Clone(m.headers)
	if c.of != nil {
		m.headers = append(m.headers, "Authorization: Bearer "+c.of.Token)
	}
	return m
}

// An attack counts what became of it.
type attack struct {
	bank                       *recorder
	file                       *routes.File
	sent, tried, same, refused atomic.Int64
}

// try sends the plain request, and then one for each trick of the endpoint's share.
func (a *attack) try(t *testing.T, e endpoint, mine share, as credentials, protocol harness.Protocol, over sender) {
	t.Helper()
	if as.right { // a token that is used for another client is revoked
		own := *as.of
		own.Renew(t)
		as.of = &own
	}
	m := e.message
	plain, reached, err := a.send(t, as.show(m), over)
	if err != nil {
		t.Fatalf("%s: the plain request: %v", protocol, err)
	}
	good := as.right && (e.banks() || plain.Status == http.StatusOK)
	if good != (plain.Status == http.StatusOK) || !good && !refusal(plain) || len(reached) > 0 != (good && e.banks()) {
		t.Fatalf("%s: the plain request: %s, and %d have reached the bank", protocol, plain, len(reached))
	}
	tricks := slices.Concat(pathTricks(m.target, m.host), hostTricks(m.host), headerTricks())
	slices.SortFunc(tricks, func(a, b trick) int { return strings.Compare(a.name, b.name) })
	for i, trick := range tricks {
		if i%mine.of != mine.number || trick.raw && protocol != harness.HTTP1 {
			continue
		}
		tricky := as.show(m)
		trick.change(&tricky)
		answer, reached, err := a.send(t, tricky, over)
		if errors.Is(err, errUnsendable) {
			t.Errorf("%s, %s: the test cannot send it", protocol, trick.name)
		}
		a.tried.Add(1)
		a.judge(t, fmt.Sprintf("%s, %s: %q", protocol, trick.name, tricky.target), e, plain, answer, reached)
		if as.right && answer != nil && answer.Refusal().Rule() == "owner.client" {
			as.of.Renew(t)
		}
	}
}

// send sends a message under a name of its own, and returns what reached the bank of it too.
func (a *attack) send(t *testing.T, m message, over sender) (*harness.Answer, []received, error) {
	t.Helper()
	id := fmt.Sprint("n", a.sent.Add(1))
	m.headers = append(slices.Clone(m.headers), idHeader+": "+id)
	answer, err := over.send(t, m)
	return answer, a.bank.take(id), err
}

// judge compares a tricky request with the plain one.
func (a *attack) judge(t *testing.T, name string, e endpoint, plain, answer *harness.Answer, reached []received) {
	t.Helper()
	for _, got := range reached {
		a.judgeReached(t, name, e, got)
	}
	allowed := answer != nil && answer.Status < http.StatusBadRequest
	if len(reached) > 1 || len(reached) == 1 && !allowed || allowed && plain.Status != answer.Status {
		t.Errorf("%s: %s, and %d have reached the bank; the plain request: %s", name, answer, len(reached), plain)
	}
	switch {
	case answer == nil: // the connection, or the stream, was closed
		a.refused.Add(1)
	case answer.Status == plain.Status && answer.Refusal().Code == plain.Refusal().Code && answer.Refusal().Rule() == plain.Refusal().Rule():
		a.same.Add(1)
	case refusal(answer):
		a.refused.Add(1)
	case plain.Status == http.StatusOK && answer.Status == http.StatusBadRequest && len(answer.Body) > 0: // by the bank's server
		a.refused.Add(1)
	default:
		t.Errorf("%s: %s, the plain request: %s", name, answer, plain)
	}
}

// judgeReached looks at what the bank got. It is for a route that needs as much, whether the bank decodes the path before
// it looks at its segments or afterwards; and nothing in it is what only the parts behind the edge may say.
func (a *attack) judgeReached(t *testing.T, name string, e endpoint, got received) {
	t.Helper()
	path, _, _ := strings.Cut(got.target, "?")
	decoded, err := url.PathUnescape(path)
	route := a.file.Route(got.route(t))
	if err != nil || route == nil || got.method != e.method || strings.ContainsAny(path, `;\#`) || strings.Contains(path, "//") {
		t.Fatalf("%s: the bank got %s %s: %v", name, got.method, got.target, err)
	}
	for _, path := range []string{path, decoded} {
		if _, matches := route.Params(path); !matches || !slices.Equal(route.Scopes, e.route.Scopes) || !slices.Equal(route.Roles, e.route.Roles) {
			t.Errorf("%s: the bank got %s as one for %s", name, path, route.Name)
		}
	}
	for _, header := range told() {
		header, value, _ := strings.Cut(header, ": ")
		if strings.Contains(strings.Join(got.header.Values(header), ","), value) {
			t.Errorf("%s: the bank got %s as the client had sent it", name, header)
		}
	}
	for header := range got.header {
		if strings.Contains(header, "_") {
			t.Errorf("%s: the bank got %s", name, header)
		}
	}
}

// refusal says whether a request was refused for what it is, in the one shape that refusals have.
func refusal(a *harness.Answer) bool {
	r := a.Refusal()
	return a.Status >= http.StatusBadRequest && a.Status < http.StatusInternalServerError && a.Status != http.StatusTooManyRequests &&
		r.Code != "" && r.Description != ""
}
