package filter_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
)

// everyFilter is one of each kind. Chain asks for their names and needs alone.
func everyFilter() []filter.Filter {
	return []filter.Filter{
		&filter.StatementFilter{}, &filter.BasicFilter{}, filter.RoleFilter{}, filter.ScopeFilter{}, &filter.OwnerFilter{}, &filter.BearerFilter{}, &filter.ClientAuthFilter{},
		&filter.CertificateFilter{},
	}
}

func TestChainOrder(t *testing.T) {
	tests := []struct{ name, checks, want string }{
		{"as designed", "certificate bearer owner statement", "certificate bearer owner statement"},
		{"backwards", "statement owner bearer certificate", "certificate bearer owner statement"},
		{"a bank's route", "role scope certificate bearer", "certificate bearer scope role"},
		{"the token endpoint", "clientauth certificate", "certificate clientauth"},
		{"all of them", "statement role scope owner bearer clientauth certificate", "certificate clientauth bearer owner scope role statement"},
		{"one", "certificate", "certificate"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			chain, err := filter.Chain(everyFilter(), strings.Fields(test.checks))
			if err != nil {
				t.Fatal(err)
			}
			if got := names(chain); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestChainRefuses(t *testing.T) {
	tests := []struct{ name, checks, want string }{
		{"an empty chain", "", "must say that it is public"},
		{"an unknown check", "certificate magic", `"magic" is unknown`},
		{"a check in capitals", "Certificate", `"Certificate" is unknown`},
		{"a check named twice", "certificate bearer certificate", `"certificate" is unknown or named twice`},
		{"bearer without certificate", "bearer", `"bearer" needs check "certificate"`},
		{"owner without bearer", "certificate owner", `"owner" needs check "bearer"`},
		{"scope without bearer", "certificate scope", `"scope" needs check "bearer"`},
		{"role without bearer", "certificate role", `"role" needs check "bearer"`},
		{"role after clientauth", "certificate clientauth role", `"role" needs check "bearer"`},
		{"scope after clientauth", "certificate clientauth scope", `"scope" needs check "bearer"`},
		{"statement without certificate", "statement", `"statement" needs check "certificate"`},
		{"clientauth without certificate", "clientauth", `"clientauth" needs check "certificate"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			chain, err := filter.Chain(everyFilter(), strings.Fields(test.checks))
			if err == nil || chain != nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, %v, want an error with %q", chain, err, test.want)
			}
		})
	}
	if _, err := filter.Chain(everyFilter()[:7], []string{"certificate"}); err == nil || !strings.Contains(err.Error(), "not available") {
		t.Errorf("a check that nobody made: %v", err)
	}
}

// TestChainKnowsTheFile holds the two lists of checks together: what routes.yaml may name is what the gate can run, and
// both know the same needs.
func TestChainKnowsTheFile(t *testing.T) {
	all := slices.Sorted(maps.Keys(routes.CheckNeeds))
	chain, err := filter.Chain(everyFilter(), all)
	if err != nil {
		t.Fatal(err)
	}
	if len(chain) != len(everyFilter()) {
		t.Errorf("the file knows %v, the gate %q", all, names(chain))
	}
	for _, one := range chain {
		needs, theirs := slices.Sorted(slices.Values(one.Needs())), slices.Sorted(slices.Values(routes.CheckNeeds[one.Name()]))
		if !slices.Equal(needs, theirs) {
			t.Errorf("%s needs %v, the file says %v", one.Name(), needs, theirs)
		}
	}
}

func names(chain []filter.Filter) string {
	list := slices.Collect(func(yield func(string) bool) {
		for _, f := range chain {
			if !yield(f.Name()) {
				return
			}
		}
	})
	return strings.Join(list, " ")
}
