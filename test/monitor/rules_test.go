package monitor

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

func alerts(t *testing.T) []alert {
	t.Helper()
	all, err := readAlerts()
	if err != nil || len(all) < 30 {
		t.Fatalf("%d alerts, %v", len(all), err)
	}
	return all
}

// promtool runs Prometheus' own tool, which must find nothing wrong.
func promtool(t *testing.T, arguments ...string) {
	t.Helper()
	tool, err := program("promtool", "prometheus")
	if err != nil {
		t.Fatal(err)
	}
	if output, err := exec.CommandContext(t.Context(), tool, arguments...).CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
}

func TestRulesAreValid(t *testing.T) { promtool(t, "check", "rules", "--lint-fatal", rulesFile) }

// ending is how each expression ends, so that the chart can replace it.
var ending = regexp.MustCompile(`[<>] [0-9.]+$`)

// Every alert says how urgent it is, what is wrong, and where to read what to do.
func TestRulesAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range alerts(t) {
		if seen[a.Alert] {
			t.Errorf("there are two alerts %s: the chart's values could not name one", a.Alert)
		}
		seen[a.Alert] = true
		if !ending.MatchString(a.Expr) {
			t.Errorf("%s: the expression does not end with its threshold: %s", a.Alert, a.Expr)
		}
		if !slices.Contains([]string{"critical", "warning", "info"}, a.Labels["severity"]) {
			t.Errorf("%s: severity %q", a.Alert, a.Labels["severity"])
		}
		if a.For == "" || a.Annotations["summary"] == "" || a.Annotations["description"] == "" || len(a.Annotations) != 3 {
			t.Errorf("%s: for %q, annotations %v: want for, summary, description and runbook_url", a.Alert, a.For, a.Annotations)
		}
	}
}

// A scene is series of samples, and the alerts that fire at some times. See testdata/alerts.yaml.
type scene struct {
	Series map[string]string   `yaml:"series"`
	Fires  map[string][]string `yaml:"fires"`
}

func scenes(t *testing.T) []scene {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "alerts.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var all []scene
	if err := yaml.UnmarshalWithOptions(text, &all, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return all
}

// Each alert fires when it should, and only then: in a scene it is silent at one time, and fires at another.
func TestAlerts(t *testing.T) {
	t.Parallel()
	rules, err := filepath.Abs(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	file := unitTests{RuleFiles: []string{rules}, Interval: "1m"}
	silent, fires := map[string]bool{}, map[string]bool{}
	for _, s := range scenes(t) {
		file.Tests = append(file.Tests, s.test())
		union := slices.Concat(slices.Collect(maps.Values(s.Fires))...)
		for _, now := range s.Fires {
			for _, name := range union {
				fires[name] = true
				silent[name] = silent[name] || !slices.Contains(now, name)
			}
		}
	}
	for _, a := range alerts(t) {
		if !fires[a.Alert] || !silent[a.Alert] {
			t.Errorf("%s: a scene where it fires: %t; where it is silent at another time: %t", a.Alert, fires[a.Alert], silent[a.Alert])
		}
	}
	text, err := json.Marshal(file) // JSON is YAML
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tests.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "test", "rules", path)
}

// unitTests is promtool's file of tests.
type unitTests struct {
	RuleFiles []string   `json:"rule_files"`
	Interval  string     `json:"evaluation_interval"`
	Tests     []unitTest `json:"tests"`
}

type unitTest struct {
	Interval string       `json:"interval"`
	Name     string       `json:"name"`
	Series   []unitSeries `json:"input_series"`
	Queries  []unitQuery  `json:"promql_expr_test"`
}

type unitSeries struct {
	Series string `json:"series"`
	Values string `json:"values"`
}

type unitQuery struct {
	Expr    string       `json:"expr"`
	At      string       `json:"eval_time"`
	Samples []unitSample `json:"exp_samples"`
}

type unitSample struct {
	Labels string  `json:"labels"`
	Value  float64 `json:"value"`
}

// parts are the series by which alerts know the parts of an installation.
var parts = map[string]string{
	`dcr_build_info{part="gate", instance="gate-0"}`:         "1x240",
	`dcr_build_info{part="registry", instance="registry-0"}`: "1x240",
}

func (s scene) test() unitTest {
	test := unitTest{Interval: "1m"}
	series := maps.Clone(s.Series)
	own := slices.ContainsFunc(slices.Collect(maps.Keys(series)), func(name string) bool { return strings.HasPrefix(name, "dcr_build_info") })
	if !own {
		maps.Copy(series, parts)
	}
	for name, values := range series {
		test.Series = append(test.Series, unitSeries{placed(name), values})
	}
	for at, names := range s.Fires {
		query := unitQuery{Expr: `count by (alertname) (ALERTS{alertstate="firing"})`, At: at, Samples: []unitSample{}}
		for _, name := range names {
			query.Samples = append(query.Samples, unitSample{`{alertname="` + name + `"}`, 1})
		}
		test.Queries = append(test.Queries, query)
		test.Name = strings.Join(append(names, test.Name), " ")
	}
	return test
}

// placed adds the labels of a scrape to a series that lacks them.
func placed(series string) string {
	name, labels, _ := strings.Cut(strings.TrimSuffix(series, "}"), "{")
	all := []string{`namespace="bank"`}
	if !strings.Contains(labels, `job="`) {
		all = append(all, `job="dcr-gateway"`)
	}
	if labels != "" {
		all = append(all, labels)
	}
	return name + "{" + strings.Join(all, ", ") + "}"
}
