package docs_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	"github.com/dcr-gateway/dcr-gateway/run"
)

// metricsOf are the metrics of some parts, for a section of the page.
type metricsOf struct {
	Title   string
	Metrics []metric.Definition
}

// The page on metrics is generated from their declarations. A scrape of real parts in test/scenario finds all of these and no
// others.
func TestMetrics(t *testing.T) {
	gate, registry, err := run.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	both, gate, registry := divide(gate, registry)
	if len(both) == 0 || len(gate) == 0 || len(registry) == 0 {
		t.Fatalf("%d metrics of both parts, %d of the gate, %d of the registry", len(both), len(gate), len(registry))
	}
	var page bytes.Buffer
	sections := []metricsOf{{"Gate", gate}, {"Registry", registry}, {"Both parts", both}}
	if err := template.Must(template.ParseFiles("testdata/metrics.md.tmpl")).Execute(&page, sections); err != nil {
		t.Fatal(err)
	}
	page.WriteByte('\n')
	holdPage(t, "metrics.md", page.Bytes())
}

// divide returns what two parts have in common, and what each has alone, by name.
func divide(a, b []metric.Definition) (both, onlyA, onlyB []metric.Definition) {
	same := func(with metric.Definition) func(metric.Definition) bool {
		return func(d metric.Definition) bool { return d.Name == with.Name }
	}
	for _, one := range a {
		if slices.ContainsFunc(b, same(one)) {
			both = append(both, one)
		} else {
			onlyA = append(onlyA, one)
		}
	}
	for _, one := range b {
		if !slices.ContainsFunc(a, same(one)) {
			onlyB = append(onlyB, one)
		}
	}
	for _, list := range [][]metric.Definition{both, onlyA, onlyB} {
		slices.SortFunc(list, func(a, b metric.Definition) int { return strings.Compare(a.Name, b.Name) })
	}
	return both, onlyA, onlyB
}
