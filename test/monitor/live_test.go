package monitor

import (
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

var (
	pictures = flag.String("pictures", "", "draw the dashboards into this folder")
	lasting  = flag.Duration("lasting", 20*time.Second, "how long there is traffic")
)

// In a world where TPPs do everything right and wrong, and a few things break, every query of every dashboard returns
// something, every alert can be evaluated, and so can the queries of the runbooks.
func TestQueries(t *testing.T) {
	program, err := harness.Build(t.Context(), t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	world := harness.New(t, harness.Options{Program: program, Fleet: fleet()})
	l := &live{world: world, from: time.Now().Truncate(time.Second), step: time.Second}
	l.server = startPrometheus(t, world, l.step)
	l.run(t, newTraffic(t, world))
	l.to = time.Now().Truncate(time.Second)
	t.Run("dashboards", l.dashboards)
	t.Run("alerts", l.alerts)
	t.Run("runbooks", l.runbooks)
	if *pictures != "" {
		l.draw(t, *pictures)
	}
}

// fleet is how many gateways there are: two look better.
func fleet() int {
	if *pictures != "" {
		return 2
	}
	return 1
}

// leastRounds is enough for every kind of request to be made several times, on a slow machine too.
const leastRounds = 500

// live is a world that was watched for a while.
type live struct {
	world    *harness.World
	server   *server
	from, to time.Time
	step     time.Duration // between scrapes
}

// run has traffic and incidents for a while.
func (l *live) run(t *testing.T, f *traffic) {
	t.Helper()
	plan := incidents(t, l.world, f)
	for since := time.Duration(0); since < *lasting || len(plan) > 0 || f.number < leastRounds; since = time.Since(l.from) {
		if len(plan) > 0 && since > time.Duration(plan[0].at*float64(*lasting)) {
			t.Logf("after %s: %s", since.Round(time.Second), plan[0].what)
			if err := plan[0].do(); err != nil {
				t.Fatalf("%s: %v", plan[0].what, err)
			}
			plan = plan[1:]
			continue
		}
		f.round()
		if *pictures != "" {
			time.Sleep(f.pause(since))
		}
	}
	time.Sleep(3 * l.step) // the last scrapes
}

// An incident happens at a part of the time.
type incident struct {
	at   float64
	what string
	do   func() error
}

func incidents(t *testing.T, w *harness.World, f *traffic) []incident {
	t.Helper()
	routes, err := w.Routes()
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(routes, "lifetime: 300s", "lifetime: 299s", 1)
	if changed == routes {
		t.Fatal("the world's file has no such lifetime")
	}
	restart := func() error { return w.Restart(t.Context()) }
	all := []incident{
		{.15, "another version is saved", func() error { return w.Install(t.Context(), changed) }},
		{.25, "a broken file is saved", func() error { return w.SaveRoutes(routes + broken) }},
		{.32, "the file is corrected", func() error { return w.Install(t.Context(), changed) }},
		{.40, "Redis ends", func() error {
			err := w.Kill(harness.Redis)
			f.apply(f.spare, f.spare.Request()) // which the gate allows, and the registry cannot store
			return err
		}},
		{.46, "Redis is back", restart},
		{.52, "the directory ends", func() error { return w.Kill(harness.Directory) }},
		{.68, "the directory is back", restart},
		{.74, "a registry ends", func() error { return w.Kill(harness.Registry) }},
		{.75, "the registry is back", restart},
		{.80, "the bank ends", func() error { return w.Kill(harness.Bank) }},
		{.85, "the bank is back", restart},
	}
	if *pictures != "" {
		return append(all, incident{.90, "the bank ends again, and so does the world", func() error { return w.Kill(harness.Bank) }},
			incident{.91, "a broken file is saved again", func() error { return w.SaveRoutes(routes + broken) }})
	}
	// There is no time for the keys to expire: a version without any looks for the directory.
	return slices.Insert(all, 6, incident{.54, "a version that looks for the directory", func() error { return w.SaveRoutes(routes) }})
}

// broken is what no routes.yaml has.
const broken = "\nroutse: []\n"

// ask asks over the whole time.
func (l *live) ask(expr string) ([]series, error) {
	return l.server.over(l.filled(expr), l.from.Add(2*time.Second), l.to, l.step)
}

// askNow asks for the end of the time.
func (l *live) askNow(expr string) ([]series, error) { return l.server.at(l.filled(expr), l.to) }

// filled has values in place of Grafana's variables.
func (l *live) filled(expr string) string {
	return strings.NewReplacer("$namespace", ".*", "$job", ".*", "$instance", ".*", "$__rate_interval", (10 * l.step).String(),
		"$__range", fmt.Sprintf("%ds", int(l.to.Sub(l.from).Seconds()))).Replace(expr)
}

func (l *live) dashboards(t *testing.T) {
	number := 0
	if found, err := l.ask(activated); err != nil || len(found) == 0 {
		t.Errorf("the times of new versions: %v, %v", found, err)
	}
	for _, board := range boards(t) {
		for _, panel := range board.Panels() {
			for _, query := range panel.Queries {
				number++
				where := fmt.Sprintf("%s: %s: %s", board.Name, panel.Title, query.Expr)
				switch found, err := l.ask(query.Expr); {
				case err != nil:
					t.Errorf("%s: %v", where, err)
				case len(found) == 0 && panel.Quiet == "":
					t.Errorf("%s: nothing found", where)
				default:
					l.legend(t, where, query.Legend, found)
				}
			}
		}
	}
	t.Logf("%d queries of dashboards", number)
}

var placeholder = regexp.MustCompile(`{{(\w+)}}`)

// legend wants a legend's labels to be those of the series: no two series may look alike.
func (l *live) legend(t *testing.T, where, legend string, found []series) {
	t.Helper()
	seen := map[string]bool{}
	for _, one := range found {
		name := placeholder.ReplaceAllStringFunc(legend, func(label string) string { return one.Labels[strings.Trim(label, "{}")] })
		if len(found) > 1 && legend != "" && seen[name] {
			t.Errorf("%s: two series are called %q", where, name)
		}
		seen[name] = true
	}
}

// never are alerts whose metric shows nothing in a world that lacks what they are about.
var never = []string{
	"DcrPartMissing",         // nothing is missing
	"DcrGateWithoutEnvoy",    // every gate has its Envoy
	"DcrGateUnreachable",     // no gate is dead
	"DcrSpansLost",           // the world sends no traces
	"DcrRedisMemory",         // the world's Redis has no limit
	"DcrNoTokenKeys",         // there are keys
	"DcrTokenKeysStale",      // they can be read
	"DcrDirectoryKeysEnding", // its fetches succeed again
	"DcrPartDown",            // all parts answer
}

func (l *live) alerts(t *testing.T) {
	for _, a := range alerts(t) {
		if _, err := l.ask(a.Expr); err != nil {
			t.Errorf("%s: %v", a.Alert, err)
		}
		watched := strings.TrimSpace(ending.ReplaceAllString(a.Expr, ""))
		if found, err := l.ask(watched); err != nil || len(found) == 0 && !slices.Contains(never, a.Alert) {
			t.Errorf("%s: nothing found for %s (%v)", a.Alert, watched, err)
		}
	}
	groups, err := l.server.rules()
	if err != nil || len(groups) < 5 {
		t.Fatalf("%d groups of rules, %v", len(groups), err)
	}
	for _, group := range groups {
		for _, rule := range group.Rules {
			if rule.Health != "ok" {
				t.Errorf("%s: %s: %s", rule.Name, rule.Health, rule.LastError)
			}
			for _, fired := range rule.Alerts {
				for name, text := range fired.Annotations {
					if strings.Contains(text, "<error") || strings.Contains(text, "<no value>") || strings.Contains(text, "{{") {
						t.Errorf("%s: %s is %q", rule.Name, name, text)
					}
				}
			}
		}
	}
}

func (l *live) runbooks(t *testing.T) {
	number := 0
	for name, text := range runbooks(t) {
		for _, match := range block.FindAllStringSubmatch(text, -1) {
			if match[1] != "promql" {
				continue
			}
			number++
			if _, err := l.ask(strings.TrimSpace(match[2])); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if number < 20 {
		t.Errorf("only %d queries of runbooks", number)
	}
}
