package scenario

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// scraped is what a part serves to Prometheus.
type scraped struct {
	text   string
	series map[string]float64
}

func scrape(t *testing.T, w *harness.World, part string) scraped {
	t.Helper()
	address := map[string]string{"Gate": w.File.Internal.GateAdmin, "Registry": w.File.Internal.RegistryAdmin}[part]
	text, err := w.AskAdmin(t.Context(), address, "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	return scraped{string(text), testkit.Series(t, string(text))}
}

// want compares values of series: of a counter, what was added since the scrape before.
func (s scraped) want(t *testing.T, before scraped, values map[string]float64) {
	t.Helper()
	for series, want := range values {
		is, there := s.series[series]
		if name, _, _ := strings.Cut(series, "{"); strings.HasSuffix(name, "_total") || strings.HasSuffix(name, "_count") {
			is -= before.series[series]
		}
		if !there || is != want {
			t.Errorf("%s is %v (%v), want %v", series, is, there, want)
		}
	}
}

// names are the metrics of the product, without those of the Go runtime and of the process.
func (s scraped) names() []string {
	var names []string
	for _, found := range regexp.MustCompile(`(?m)^# TYPE (dcr_\w+) `).FindAllStringSubmatch(s.text, -1) {
		names = append(names, found[1])
	}
	return slices.Sorted(slices.Values(names))
}

// foreign are the metrics that are neither the product's nor those of the Go runtime and of the process.
func (s scraped) foreign() []string {
	var names []string
	for _, found := range regexp.MustCompile(`(?m)^# TYPE (\S+) `).FindAllStringSubmatch(s.text, -1) {
		if !strings.HasPrefix(found[1], "dcr_") && !strings.HasPrefix(found[1], "go_") && !strings.HasPrefix(found[1], "process_") {
			names = append(names, found[1])
		}
	}
	return names
}

// documented are the metrics of a part by docs/metrics.md.
func documented(t *testing.T, part string) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for section := range strings.SplitSeq(string(page), "\n## ") {
		if title, table, _ := strings.Cut(section, "\n"); title == part || title == "Both parts" {
			for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` ").FindAllStringSubmatch(table, -1) {
				names = append(names, row[1])
			}
		}
	}
	return slices.Sorted(slices.Values(names))
}

// refusedBy returns the rule of a refusal.
func refusedBy(t *testing.T, answer *harness.Answer) string {
	t.Helper()
	details, _ := answer.JSON(t)["error_details"].([]any)
	if len(details) == 0 {
		t.Fatalf("not refused: %s", answer)
	}
	return details[0].(map[string]any)["rule"].(string)
}

// TestMetrics scrapes the parts of a world after traffic: the metrics are those of the page, and count what happened, once.
// Thousands of requests of strangers make no further series.
func TestMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := map[string]scraped{"Gate": scrape(t, w, "Gate"), "Registry": scrape(t, w, "Registry")}
	refused := traffic(t, w)
	eventually(t, 20*time.Second, "the gate has the keys of its directories", func() bool {
		return scrape(t, w, "Gate").series[`dcr_directory_up{directory="sandbox"}`] == 1
	})
	t.Run("values", func(t *testing.T) { wantCounted(t, w, before, refused) })
	t.Run("names", func(t *testing.T) {
		for _, part := range []string{"Gate", "Registry"} {
			got, want := scrape(t, w, part), documented(t, part)
			if part == "Registry" { // it serves a Unix socket, and has no TLS to Redis
				want = slices.DeleteFunc(want, func(name string) bool { return name == "dcr_expiry_timestamp_seconds" })
			}
			if names := got.names(); !slices.Equal(names, want) {
				t.Errorf("%s serves %q, and the page has %q", part, names, want)
			}
			if foreign := got.foreign(); foreign != nil {
				t.Errorf("%s also serves %q", part, foreign)
			}
			promtool(t, got.text)
		}
	})
	t.Run("strangers", func(t *testing.T) { strangers(t, w) })
}

// traffic is a client's life with some refusals. It returns the rules of a registration and of a call that were refused.
func traffic(t *testing.T, w *harness.World) (rules [2]string) {
	c := w.Register(t, harness.Order{})
	stranger := w.Stranger(t, harness.Order{})
	request := stranger.Request()
	request.Claims["aud"] = "another bank"
	rules[0] = refusedBy(t, stranger.Apply(t, request))
	api := w.File.APIs[0].URL
	for range 3 {
		if answer := c.Get(t, api); answer.Status != http.StatusOK {
			t.Fatalf("the bank: %s", answer)
		}
	}
	rules[1] = refusedBy(t, c.Send(t, http.MethodGet, api, "", "", false))
	client := c.RegistrationURL() + "/" + c.ID
	if answer := c.Get(t, client); answer.Status != http.StatusOK {
		t.Fatalf("read: %s", answer)
	}
	if answer := c.Form(t, w.File.Revocation, url.Values{"token": {c.Token}}); answer.Status != http.StatusOK {
		t.Fatalf("revoke: %s", answer)
	}
	if answer := c.Form(t, w.File.Revocation, url.Values{"token": {"unknown"}}); answer.Status != http.StatusOK {
		t.Fatalf("revoke what is no token: %s", answer)
	}
	c.Renew(t)
	if answer := c.Send(t, http.MethodDelete, client, "", "", true); answer.Status != http.StatusNoContent {
		t.Fatalf("delete: %s", answer)
	}
	return rules
}

func wantCounted(t *testing.T, w *harness.World, before map[string]scraped, rules [2]string) {
	gate, registry := scrape(t, w, "Gate"), scrape(t, w, "Registry")
	directory, profile := "sandbox", w.File.Profile
	registration := func(part, outcome, of, rule string) string {
		return fmt.Sprintf(`dcr_%s_total{directory=%q,operation="register",outcome=%q,profile=%q,rule=%q}`, part, of, outcome, profile, rule)
	}
	request := func(operation, outcome, profile string) string {
		return fmt.Sprintf(`dcr_registry_requests_total{directory=%q,operation=%q,outcome=%q,profile=%q,rule=""}`, directory, operation, outcome, profile)
	}
	gate.want(t, before["Gate"], map[string]float64{
		registration("gate_registrations", "allowed", directory, ""):                           1,
		registration("gate_registrations", "refused", directory, rules[0]):                     1,
		`dcr_gate_decisions_total{outcome="allowed",route="accounts",rule=""}`:                 3,
		`dcr_gate_decisions_total{outcome="refused",route="accounts",rule="` + rules[1] + `"}`: 1,
		`dcr_gate_decision_duration_seconds_count{route="accounts"}`:                           4,
		`dcr_cache_requests_total{cache="token",result="miss"}`:                                2, // two tokens
		"dcr_envoys": 1, "dcr_envoys_behind": 0, `dcr_envoys_refusing{type="listeners"}`: 0, "dcr_routes_file_refused": 0, "dcr_routes_reloads_total": 0,
		"dcr_gate_healthy": 1, "dcr_redis_up": 1, "dcr_gate_decisions_in_flight": 0, "dcr_log_lost_lines_total": 0, "dcr_certificates_refused": 0,
		`dcr_gate_queue_waiting{check="statement"}`: 0, `dcr_gate_queue_rejected_total{check="clientauth"}`: 0, `dcr_token_keys{source="redis"}`: 1,
	})
	registry.want(t, before["Registry"], map[string]float64{
		registration("registry_requests", "done", directory, ""):         1,
		request("token", "done", profile):                                2,
		request("read", "done", profile):                                 1,
		request("revoke", "done", ""):                                    1,
		request("revoke", "unchanged", ""):                               1,
		request("delete", "done", profile):                               1,
		`dcr_registry_request_duration_seconds_count{operation="token"}`: 2,
		"dcr_registry_healthy":                                           1, "dcr_redis_up": 1, "dcr_registry_requests_in_flight": 0, `dcr_registry_versions{state="failed"}`: 0,
		`dcr_token_keys{source="redis"}`: 1, `dcr_cache_entries{cache="facts_key"}`: 1,
	})
	now := float64(time.Now().Unix())
	for _, prefix := range []string{`dcr_expiry_timestamp_seconds{kind="listener_certificate"`, `dcr_expiry_timestamp_seconds{kind="directory_ca"`} {
		found := false
		for series, at := range gate.series {
			if strings.HasPrefix(series, prefix) {
				found = true
				if at < now {
					t.Errorf("%s is in the past", series)
				}
			}
		}
		if !found {
			t.Errorf("no %s", prefix)
		}
	}
}

// strangers send what nobody has sent before: paths, methods, tokens, registrations, ids.
func strangers(t *testing.T, w *harness.World) {
	c := w.Stranger(t, harness.Order{})
	c.Token = "no token"
	send := func(n int) {
		for _, sent := range [][3]string{
			{http.MethodGet, fmt.Sprintf("%s/nowhere/%d", w.MTLS(), n), ""},
			{http.MethodGet, fmt.Sprintf("%s?%d", w.File.APIs[0].URL, n), ""},
			{fmt.Sprintf("X%d", n), w.File.APIs[0].URL, ""},
			{http.MethodPost, c.RegistrationURL(), fmt.Sprintf("registration %d", n)},
			{http.MethodGet, fmt.Sprintf("%s/client-%d", c.RegistrationURL(), n), ""},
			{http.MethodPost, w.File.Token, fmt.Sprintf("client_id=client-%d&grant_type=g%d", n, n)},
		} {
			if _, err := c.Try(t, sent[0], sent[1], "application/jose", sent[2], n%2 == 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	send(0)
	send(1)
	before := map[string]scraped{"Gate": scrape(t, w, "Gate"), "Registry": scrape(t, w, "Registry")}
	for n := range 500 {
		send(n + 2)
	}
	for part, was := range before {
		is := scrape(t, w, part)
		for series := range is.series {
			if _, there := was.series[series]; !there && !strings.HasPrefix(series, "go_") && !strings.HasPrefix(series, "process_") {
				t.Errorf("%s: a new series %s", part, series)
			}
		}
		t.Logf("%s: %d series", part, len(is.series))
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		for _, secret := range []string{c.SoftwareID, c.OrgID} {
			if strings.Contains(scrape(t, w, name).text, secret) {
				t.Errorf("%s serves the id of a software product or organisation", name)
			}
		}
	}
}

// promtool has Prometheus' own linter read a scrape.
func promtool(t *testing.T, text string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatalf("%v: install the package prometheus", err)
	}
	command := exec.CommandContext(t.Context(), path, "check", "metrics")
	command.Stdin = strings.NewReader(text)
	if out, err := command.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}
