package monitor

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// others are metrics that the page of metrics does not list: of Prometheus itself, of the process and of the Go runtime.
var others = []string{"up", "ALERTS", "process_cpu_seconds_total", "process_max_fds", "process_open_fds", "process_resident_memory_bytes",
	"process_start_time_seconds", "go_goroutines"}

var (
	row      = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (counter|gauge|histogram) \\| ([^|]*) \\|")
	texts    = regexp.MustCompile(`"[^"]*"`)
	matchers = regexp.MustCompile(`\{[^}]*\}|\[[^\]]*\]`)
	lists    = regexp.MustCompile(`\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)`)
	name     = regexp.MustCompile(`\b[a-zA-Z_:][a-zA-Z0-9_:]*\s*\(?`)
	words    = []string{"and", "or", "unless", "bool", "offset"}
)

// metricsOf returns the names of the metrics in an expression. A name before a parenthesis is a function.
func metricsOf(expr string) []string {
	for _, noise := range []*regexp.Regexp{texts, matchers, lists} {
		expr = noise.ReplaceAllString(expr, " ")
	}
	found := map[string]bool{}
	for _, word := range name.FindAllString(expr, -1) {
		if bare := strings.TrimSpace(word); !strings.HasSuffix(word, "(") && !slices.Contains(words, bare) {
			found[bare] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func TestMetricsOf(t *testing.T) {
	expr := `max by (a, b) (abs(x_total{c="y"}[5m]) and on (a) z) or vector (0) > 1e3 - sum(w_bucket)`
	if got := metricsOf(expr); !slices.Equal(got, []string{"w_bucket", "x_total", "z"}) {
		t.Errorf("metricsOf finds %q", got)
	}
}

// Dashboards, alerts and runbooks name only metrics of the page docs/metrics.md.
func TestNames(t *testing.T) {
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, match := range row.FindAllStringSubmatch(string(page), -1) {
		known[match[1]] = true
		if match[2] == "histogram" {
			for _, part := range []string{"_bucket", "_sum", "_count"} {
				known[match[1]+part] = true
			}
		}
	}
	if len(known) < 50 {
		t.Fatalf("only %d metrics found", len(known))
	}
	for _, other := range others {
		known[other] = true
	}
	for where, exprs := range expressions(t) {
		for _, expr := range exprs {
			for _, metric := range metricsOf(expr) {
				if !known[metric] {
					t.Errorf("%s: %s is not on the page: %s", where, metric, expr)
				}
			}
		}
	}
}

// expressions are all queries, by where they are.
func expressions(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{"annotation": {activated}}
	for _, a := range alerts(t) {
		all[a.Alert] = append(all[a.Alert], a.Expr)
	}
	for _, board := range boards(t) {
		for _, panel := range board.Panels() {
			for _, query := range panel.Queries {
				all[board.Name] = append(all[board.Name], query.Expr)
			}
		}
	}
	for page, text := range runbooks(t) {
		for _, match := range block.FindAllStringSubmatch(text, -1) {
			if match[1] == "promql" {
				all[page] = append(all[page], match[2])
			}
		}
	}
	return all
}
