package routes

import (
	"slices"
	"strings"
	"testing"
)

// complete returns a route that has whatever any of its checks may need.
func complete(checks string) *Route {
	return &Route{
		Name: "a", Path: "/a/{ClientId}", Checks: strings.Fields(checks), Users: "users", Scopes: []string{"s"}, Roles: []string{"r"}, Endpoint: EndpointRegistration,
	}
}

func TestChain(t *testing.T) {
	for checks, want := range map[string]string{
		"certificate bearer owner statement":                       "certificate bearer owner statement",
		"statement owner bearer certificate":                       "certificate bearer owner statement",
		"role scope certificate bearer":                            "certificate bearer scope role",
		"clientauth certificate":                                   "certificate clientauth",
		"statement basic certificate":                              "certificate basic statement",
		"statement role scope owner bearer clientauth certificate": "certificate clientauth bearer owner scope role statement",
		"certificate": "certificate",
	} {
		chain, err := complete(checks).Chain()
		if got := strings.Join(chain, " "); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", checks, got, err, want)
		}
	}
	if chain, err := (&Route{Public: true}).Chain(); err != nil || len(chain) > 0 {
		t.Errorf("a public route: got %v, %v", chain, err)
	}
}

func TestChainRefuses(t *testing.T) {
	with := func(checks string, change func(*Route)) *Route { r := complete(checks); change(r); return r }
	for _, test := range []struct {
		name  string
		route *Route
		want  string
	}{
		{"a client's record for everybody", &Route{Public: true, Endpoint: EndpointRegistration, Methods: []string{"GET"}}, "needs the check certificate"},
		{"a client's record for every client", with("certificate bearer", func(r *Route) { r.Methods = []string{"GET"} }), "GET at the endpoint registration needs the check owner"},
		{"a method that the endpoint does not have", with("certificate clientauth", func(r *Route) { r.Endpoint, r.Methods = EndpointToken, []string{"GET"} }), "does not have it"},
		{"no checks", complete(""), "must say that it is public"},
		{"public, with checks", with("certificate", func(r *Route) { r.Public = true }), "a public route has no checks"},
		{"an unknown check", complete("certificate magic"), "unknown or named twice"},
		{"a check in capitals", complete("Certificate"), "unknown or named twice"},
		{"two checks in one name", with("", func(r *Route) { r.Checks = []string{"certificate bearer"} }), "unknown or named twice"},
		{"a check named twice", complete("certificate bearer certificate"), "unknown or named twice"},
		{"bearer without certificate", complete("bearer"), "the check bearer needs the check certificate"},
		{"owner without bearer", complete("certificate owner"), "the check owner needs the check bearer"},
		{"scope after clientauth", complete("certificate clientauth scope"), "the check scope needs the check bearer"},
		{"role after clientauth", complete("certificate clientauth role"), "the check role needs the check bearer"},
		{"statement without certificate", complete("statement"), "the check statement needs the check certificate"},
		{"clientauth without certificate", complete("clientauth"), "the check clientauth needs the check certificate"},
		{"basic beside bearer", complete("certificate basic bearer"), "the check basic does not go with the check bearer"},
		{"basic beside clientauth", complete("certificate basic clientauth"), "the check basic does not go with the check clientauth"},
		{"scope without scopes", with("certificate bearer scope", func(r *Route) { r.Scopes = []string{} }), "the check scope needs scopes"},
		{"role without roles", with("certificate bearer role", func(r *Route) { r.Roles = nil }), "the check role needs roles"},
		{"basic without users", with("certificate basic", func(r *Route) { r.Users = "" }), "the check basic needs users"},
		{"owner without a client", with("certificate bearer owner", func(r *Route) { r.Path = "/a/{Id}" }), "the check owner needs a segment {ClientId}"},
		{"statement at a bank's API", with("certificate statement", func(r *Route) { r.Endpoint = "" }), "the check statement needs the endpoint registration"},
	} {
		if chain, err := test.route.Chain(); err == nil || chain != nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, %v, want an error with %q", test.name, chain, err, test.want)
		}
	}
}

// TestChecks: a check reads what checks above it have proved, its keys are keys of a route, and each rule that it may
// break is one.
func TestChecks(t *testing.T) {
	var above []string
	known := func(id string) bool { return slices.ContainsFunc(Rules(), func(r Rule) bool { return r.ID == id }) }
	for i := range Checks {
		check := &Checks[i]
		for _, need := range check.Needs {
			if !slices.Contains(above, need) {
				t.Errorf("%s needs %s, which does not run before it", check.Name, need)
			}
		}
		above = append(above, check.Name)
		for _, lack := range check.lacks(&Route{Checks: check.Without}) {
			if !known(lack.rule) {
				t.Errorf("%s: %s is no rule", check.Name, lack.rule)
			}
		}
		for _, key := range append(slices.Clone(check.Only), check.Key) {
			if _, is := routeKeys[key]; key != "" && (!is || !known("route."+key)) {
				t.Errorf("%s: %s is no key of a route, or no rule", check.Name, key)
			}
		}
	}
}
