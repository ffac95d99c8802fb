package filter_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
)

// everyFilter is one of each kind. Chain asks for their names and needs alone.
func everyFilter() []filter.Filter {
	return []filter.Filter{
		&filter.StatementFilter{}, filter.ScopeFilter{}, &filter.OwnerFilter{}, &filter.BearerFilter{}, &filter.ClientAuthFilter{},
		&filter.CertificateFilter{},
	}
}

func TestChainOrder(t *testing.T) {
	tests := []struct{ name, checks, want string }{
		{"as designed", "certificate bearer owner statement", "certificate bearer owner statement"},
		{"backwards", "statement owner bearer certificate", "certificate bearer owner statement"},
		{"a bank's route", "scope certificate bearer", "certificate bearer scope"},
		{"the token endpoint", "clientauth certificate", "certificate clientauth"},
		{"all of them", "statement scope owner bearer clientauth certificate", "certificate clientauth bearer owner scope statement"},
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
	if _, err := filter.Chain(everyFilter()[:5], []string{"certificate"}); err == nil || !strings.Contains(err.Error(), "not available") {
		t.Errorf("a check that nobody made: %v", err)
	}
}

// TestChainKnowsTheFile holds the two lists of checks together: what routes.yaml may name is what the gate can run.
func TestChainKnowsTheFile(t *testing.T) {
	all := []string{
		routes.CheckCertificate, routes.CheckClientAuth, routes.CheckBearer, routes.CheckOwner, routes.CheckScope, routes.CheckStatement,
	}
	chain, err := filter.Chain(everyFilter(), all)
	if err != nil {
		t.Fatal(err)
	}
	if len(chain) != len(everyFilter()) {
		t.Errorf("the file knows %v, the gate %q", all, names(chain))
	}
	if filter.ClientIDParam != routes.ClientIDParam {
		t.Errorf("the owner check reads {%s}, the file means {%s}", filter.ClientIDParam, routes.ClientIDParam)
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
