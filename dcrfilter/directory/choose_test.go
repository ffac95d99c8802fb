package directory_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
)

// framework is one directory of an issuer.
func framework(name, issuer, environment, claim string) *dcr.Directory {
	return &dcr.Directory{Name: name, Issuer: issuer, Environment: environment, Claims: dcr.StatementClaims{Environment: claim}}
}

func TestChoose(t *testing.T) {
	var (
		production = framework("production", "OB", "", "env")
		sandbox    = framework("sandbox", "OB", "sandbox", "env")
		pilot      = framework("pilot", "OB", "Pilot", "stage")
		silent     = framework("silent", "OB", "", "")
		other      = framework("other", "CDR", "sandbox", "env")
	)
	const issuer, environment = "statement.issuer", "statement.environment"
	uk := []*dcr.Directory{other, production, sandbox}
	tests := []struct {
		name   string
		all    []*dcr.Directory
		claims claims
		want   string // a directory's name, or the rule that refuses
	}{
		{"nobody's", uk, claims{"iss": "ob", "env": "sandbox"}, issuer},
		{"a part of the issuer", uk, claims{"iss": "O", "env": "sandbox"}, issuer},
		{"no issuer", uk, claims{"env": "sandbox"}, "statement.iss"},
		{"two issuers", uk, claims{"iss": []string{"OB", "CDR"}}, "statement.iss"},
		{"no directories", nil, claims{"iss": "OB"}, issuer},

		{"the only one of its issuer", uk, claims{"iss": "CDR", "env": "sandbox"}, "other"},
		{"the only one of its issuer, which will refuse it", uk, claims{"iss": "CDR", "env": 7}, "other"},

		{"an environment", uk, claims{"iss": "OB", "env": "sandbox"}, "sandbox"},
		{"an environment in other letters", uk, claims{"iss": "OB", "env": "SandBox"}, "sandbox"},
		{"no environment", uk, claims{"iss": "OB"}, "production"},
		{"an environment that nobody has", uk, claims{"iss": "OB", "env": "production"}, "production"},
		{"an empty environment", uk, claims{"iss": "OB", "env": ""}, "production"},
		{"an environment in a claim of another name", uk, claims{"iss": "OB", "stage": "sandbox"}, "production"},
		{"an environment that is a number", uk, claims{"iss": "OB", "env": 7}, environment},
		{"an environment that is null", uk, claims{"iss": "OB", "env": any(nil)}, environment},
		{"an environment that is a list", uk, claims{"iss": "OB", "env": []int{1}}, environment},
		{"an environment that is a list, beside a directory that asks for none", []*dcr.Directory{silent, sandbox},
			claims{"iss": "OB", "env": []int{1}}, environment},

		{"none of two environments", []*dcr.Directory{sandbox, pilot}, claims{"iss": "OB", "env": "production"}, environment},
		{"no environment, of two", []*dcr.Directory{sandbox, pilot}, claims{"iss": "OB"}, environment},
		{"one of two by its own claim", []*dcr.Directory{sandbox, pilot}, claims{"iss": "OB", "stage": "pilot"}, "pilot"},
		{"both of two", []*dcr.Directory{sandbox, pilot}, claims{"iss": "OB", "stage": "pilot", "env": "sandbox"}, environment},
		{"two that have none", []*dcr.Directory{silent, production}, claims{"iss": "OB"}, environment},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for range 2 { // in any order
				chosen, err := directory.Choose(slices.Values(test.all), object(t, test.claims))
				have := ""
				if refusal, ok := errors.AsType[*dcr.Error](err); ok {
					have = refusal.Rule
					if refusal.Pointer != "/software_statement" || refusal.Clause == "" {
						t.Errorf("got %+v", refusal)
					}
				} else if chosen != nil {
					have = chosen.Name
				}
				if have != test.want {
					t.Errorf("got %q, want %q: %v", have, test.want, err)
				}
				test.all = slices.Clone(test.all)
				slices.Reverse(test.all)
			}
		})
	}
}

// The UK's production and sandbox share an issuer: together they take each statement to where it is from.
func TestChooseAmongShipped(t *testing.T) {
	var all []*dcr.Directory
	for _, name := range directory.Names() {
		shipped, err := directory.Shipped(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, shipped)
	}
	for environment, want := range map[string]string{"sandbox": "openbanking-uk-sandbox", "production": "openbanking-uk"} {
		c := goodClaims()
		c["software_environment"] = environment
		chosen, err := directory.Choose(slices.Values(all), object(t, c))
		if err != nil || chosen.Name != want {
			t.Errorf("%s: got %+v, %v", environment, chosen, err)
		}
	}
}
