//go:build chart

package render

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The chart has the alerts of its rule file, as Prometheus reads them, but for what its values change by name.
func TestAlerts(t *testing.T) {
	each(t, func(t *testing.T, helm string) {
		const on = "monitoring.prometheusRule.enabled=true"
		plain := alerts(t, template(t, helm, "--set", on))
		changed := alerts(t, template(t, helm, "--set", on+`,monitoring.prometheusRule.runbooks=https://wiki.example/dcr/,`+
			`monitoring.prometheusRule.alerts.DcrDecisionsSlow.threshold=0.1,monitoring.prometheusRule.alerts.DcrDecisionsSlow.for=1m,`+
			`monitoring.prometheusRule.alerts.DcrDecisionsSlow.severity=page,monitoring.prometheusRule.alerts.DcrRedisSlow.enabled=false`))
		if len(plain) < 30 || len(changed) != len(plain)-1 || changed["DcrRedisSlow"] != nil {
			t.Errorf("%d alerts, and %d without DcrRedisSlow", len(plain), len(changed))
		}
		slow := changed["DcrDecisionsSlow"]
		if want := strings.Replace(plain["DcrDecisionsSlow"].text("expr"), "> 0.25", "> 0.1", 1); slow.text("expr") != want {
			t.Errorf("the expression is %s, want %s", slow.text("expr"), want)
		}
		for path, want := range map[string]string{
			"for": "1m", "labels.severity": "page", "annotations.runbook_url": "https://wiki.example/dcr/DcrDecisionsSlow.md",
			"annotations.summary": "Decisions about route {{ $labels.route }} are slow",
		} {
			if got := slow.text(path); got != want {
				t.Errorf("%s is %q, want %q", path, got, want)
			}
		}
		if down, was := changed["DcrRedisDown"], plain["DcrRedisDown"]; down.text("expr") != was.text("expr") || down.text("for") != was.text("for") {
			t.Errorf("DcrRedisDown has changed too: %v", down)
		}
	})
}

// alerts are those of all PrometheusRules, by name.
func alerts(t *testing.T, all release) map[string]object {
	t.Helper()
	found := map[string]object{}
	groups, _ := all.the(t, "PrometheusRule", "bank-dcr-gateway-alerts").get("spec.groups").([]any)
	for _, group := range groups {
		rules, _ := group.(map[string]any)["rules"].([]any)
		for _, rule := range rules {
			rule := object(rule.(map[string]any))
			found[rule.text("alert")] = rule
		}
	}
	return found
}

// Whatever Prometheus scrapes has the release as its job, and its pod as its instance: dashboards and alerts use both.
func TestScrapedPods(t *testing.T) {
	each(t, func(t *testing.T, helm string) {
		all := template(t, helm, "--set", "monitoring.podMonitor.enabled=true")
		for part, ports := range map[string]int{"gateway": 2, "registry": 1} {
			monitor := all.the(t, "PodMonitor", "bank-dcr-gateway-"+part)
			if label := monitor.text("spec.jobLabel"); label != "app.kubernetes.io/instance" {
				t.Errorf("%s: jobLabel is %s", part, label)
			}
			endpoints, _ := monitor.get("spec.podMetricsEndpoints").([]any)
			if len(endpoints) != ports {
				t.Errorf("%s: %d endpoints, want %d", part, len(endpoints), ports)
			}
			for _, endpoint := range endpoints {
				relabelings, _ := endpoint.(map[string]any)["relabelings"].([]any)
				if len(relabelings) == 0 || relabelings[0].(map[string]any)["targetLabel"] != "instance" {
					t.Errorf("%s: an endpoint is relabeled by %v", part, relabelings)
				}
			}
		}
	})
}

// Each dashboard is a ConfigMap, letter by letter, that Grafana's sidecar finds.
func TestDashboards(t *testing.T) {
	files, err := filepath.Glob(chart + "/dashboards/*.json")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d dashboards, %v", len(files), err)
	}
	each(t, func(t *testing.T, helm string) {
		all := template(t, helm, "--set", "monitoring.dashboards.enabled=true")
		for _, file := range files {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Base(file)
			made := all.the(t, "ConfigMap", "bank-dcr-gateway-dashboard-"+strings.TrimSuffix(name, ".json"))
			if got := made.text("data." + strings.ReplaceAll(name, ".", "~")); strings.TrimSpace(got) != strings.TrimSpace(string(want)) {
				t.Errorf("%s differs from its file: %.60q", name, got)
			}
			if made.text("metadata.labels.grafana_dashboard") != "1" {
				t.Errorf("%s: the sidecar does not find it", name)
			}
		}
	})
}
