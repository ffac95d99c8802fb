package chains

import (
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
	"github.com/dcr-gateway/dcr-gateway/test/testbed"
)

func newPolicies(t *testing.T) *Policies {
	t.Helper()
	return newMeasuredPolicies(t, nil)
}

func newMeasuredPolicies(t *testing.T, set *metric.Set) *Policies {
	t.Helper()
	kept, _ := testbed.Store(t)
	return New(kept, token.NewRings(t.Context(), kept, false, slog.New(slog.DiscardHandler), set), set)
}

func read(t *testing.T, path string) *config.Version {
	t.Helper()
	version, err := config.Read(path)
	must(t, err)
	return version
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What does not depend on a route outlives its change: keys that were fetched, tokens that were verified.
func TestPoliciesKeepWhatIsTheSame(t *testing.T) {
	dir, policies := sample.Folder(t), newPolicies(t)
	path := filepath.Join(dir, "routes.yaml")
	cases := []struct {
		name, file, text string
		same             bool
	}{
		{"a route", "routes.yaml", sample.With(t, "methods: [GET, POST]", "methods: [POST]"), true},
		{"a plan", "routes.yaml", sample.With(t, "per_client: 10/s", "per_client: 20/s"), true},
		{"the tokens' audience", "routes.yaml", sample.With(t, `audience: "https://localhost:8443"`, `audience: "https://other"`), false},
		{"the tokens' audience again", "routes.yaml", sample.Routes, false},
		{"who may be addressed", "routes.yaml", sample.With(t, "audiences: [bank]", "audiences: [bank, other]"), false},
		{"the directory", "directory.yaml", sample.Directory + "statement_max_age: 25m\n", false},
	}
	_, err := policies.Make(t.Context(), read(t, path))
	must(t, err)
	for _, c := range cases {
		before := policies.filters
		sample.Write(t, filepath.Join(dir, c.file), c.text)
		_, err := policies.Make(t.Context(), read(t, path))
		must(t, err)
		if same := policies.filters["bearer"] == before["bearer"]; same != c.same {
			t.Errorf("after a change of %s the filters are the same: %t", c.name, same)
		}
	}
}

// Each check of the table has a filter, and each filter is a check of the table.
func TestEveryCheckHasItsFilter(t *testing.T) {
	policies := newPolicies(t)
	_, err := policies.Make(t.Context(), read(t, filepath.Join(sample.Folder(t), "routes.yaml")))
	must(t, err)
	for _, check := range routes.Checks {
		if policies.filters[check.Name] == nil {
			t.Errorf("the check %s has no filter", check.Name)
		}
	}
	if have := slices.Sorted(maps.Keys(policies.filters)); len(have) != len(routes.Checks) {
		t.Errorf("the filters are %v: one of them is no check", have)
	}
}
