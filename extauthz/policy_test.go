package extauthz

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"
	"weak"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
)

const nextVersion = "fedcba9876543210"

// next is the policy of a next version, in which accounts need another scope, balances are gone, and beneficiaries are
// there.
func (w *world) next() *Policy {
	w.t.Helper()
	return w.policy(func(c *PolicyConfig) {
		c.Version = nextVersion
		for _, r := range c.Routes {
			switch r.Name {
			case "accounts":
				r.Scopes = []string{"payments"}
			case "balances":
				r.Name, r.Path = "beneficiaries", "/beneficiaries"
			}
		}
	})
}

// TestTwoVersions: while a new version is on its way, each request is decided by the one it met in Envoy.
func TestTwoVersions(t *testing.T) {
	w := newWorld(t)
	w.gate.Use(w.policy(), w.next())
	accounts, _ := w.token("accounts")
	payments, _ := w.token("payments")
	asking := func(version, route, compact string) ask {
		a := w.ask(route, "GET", "/"+route, [2]string{"authorization", "Bearer " + compact})
		a.version = version
		return a
	}
	tests := []struct {
		name, want string
		ask        ask
	}{
		{"accounts, before", "200", asking(version, "accounts", accounts)},
		{"accounts, after", "403 scope.missing", asking(nextVersion, "accounts", accounts)},
		{"payments, before", "403 scope.missing", asking(version, "accounts", payments)},
		{"payments, after", "200", asking(nextVersion, "accounts", payments)},
		{"a route that goes, before", "200", asking(version, "balances", accounts)},
		{"a route that goes, after", "503 internal", asking(nextVersion, "balances", accounts)},
		{"a route that comes, before", "503 internal", asking(version, "beneficiaries", accounts)},
		{"a route that comes, after", "200", asking(nextVersion, "beneficiaries", accounts)},
		{"a third version", "503 internal", asking("0000000000000000", "accounts", accounts)},
		{"no version", "503 internal", asking("", "accounts", accounts)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, line := w.decided(t, test.ask, nil)
			if got.verdict() != test.want {
				t.Errorf("got %q, want %q: %s", got.verdict(), test.want, line.Cause)
			}
			decidedUnder := test.ask.version
			if w.gate.known(decidedUnder) == nil {
				decidedUnder = ""
			}
			if line.Version != decidedUnder {
				t.Errorf("the line says version %q, it was decided under %q", line.Version, decidedUnder)
			}
			if got.allowed && w.proved(t, got).GetVersion() != test.ask.version {
				t.Errorf("the facts are of version %q", w.proved(t, got).GetVersion())
			}
		})
	}
}

// TestFactsOfTwoVersions: facts that are used again are those of the version that decides.
func TestFactsOfTwoVersions(t *testing.T) {
	w := newWorld(t)
	same := w.policy(func(c *PolicyConfig) { c.Version = nextVersion })
	w.gate.Use(w.policy(), same)
	compact, _ := w.token("accounts")
	for range 2 {
		for _, one := range []string{version, nextVersion} {
			a := w.reading(compact)
			a.version = one
			if got := w.proved(t, w.want(t, a, "200")).GetVersion(); got != one {
				t.Errorf("facts of version %s for a question under %s", got, one)
			}
		}
	}
}

// TestOldVersionsAreForgotten: neither a policy nor the text it was read from stays in memory when it is out of use.
func TestOldVersionsAreForgotten(t *testing.T) {
	w := newWorld(t)
	compact, _ := w.token("accounts")
	filters := w.filters()
	var policies []weak.Pointer[Policy]
	var texts []weak.Pointer[byte]
	for i := range 20 {
		text := fmt.Sprintf("%016x accounts %s", i, strings.Repeat("# the rest of routes.yaml\n", 100))
		policy := w.policy(func(c *PolicyConfig) {
			c.Filters, c.Version = filters, text[:16]
			for _, r := range c.Routes {
				if r.Name == "accounts" {
					r.Name = text[17:25]
				}
			}
		})
		w.gate.Use(policy)
		a := w.reading(compact)
		a.version = policy.Version()
		w.want(t, a, "200")
		policies, texts = append(policies, weak.Make(policy)), append(texts, weak.Make(unsafe.StringData(text)))
	}
	w.gate.Use()
	runtime.GC()
	runtime.GC()
	for i := range policies {
		if policies[i].Value() != nil || texts[i].Value() != nil {
			t.Errorf("version %d: the policy is kept: %v, its text is kept: %v", i, policies[i].Value() != nil, texts[i].Value() != nil)
		}
	}
	runtime.KeepAlive(w)
}

// TestChainsAreShared: routes with the same checks have one chain.
func TestChainsAreShared(t *testing.T) {
	w := newWorld(t)
	policy := w.policy(func(c *PolicyConfig) { c.Routes = manyRoutes(1_000) })
	one := policy.routes["api-0"].Chain
	for name, r := range policy.routes {
		if len(r.Chain) != len(one) || &r.Chain[0] != &one[0] {
			t.Fatalf("%s has a chain of its own", name)
		}
	}
}

// manyRoutes are routes of a bank's API, all alike.
func manyRoutes(number int) []filter.Ready {
	all := make([]filter.Ready, number)
	for i := range all {
		name := fmt.Sprintf("api-%d", i)
		all[i] = filter.Ready{Budget: 5 * time.Second, Route: &routes.Route{
			Name: name, Path: "/open-banking/v3.1/aisp/" + name + "/{AccountId}", Methods: []string{"GET"}, Listener: "mtls",
			Checks: []string{"certificate", "bearer", "scope"}, Scopes: []string{"accounts"}, Facts: routes.FactsSigned,
		}}
	}
	return all
}
