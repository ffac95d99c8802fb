package metric_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
)

// What is declared is served and defined, once.
func TestSet(t *testing.T) {
	set := metric.New("gate", "v1")
	set.Counter("dcr_a_total", "A.", "kind").WithLabelValues("x").Add(2)
	set.Gauge("dcr_b", "B.").WithLabelValues().Set(3)
	set.Histogram("dcr_c_seconds", "C.", []float64{1, 2}, "kind").WithLabelValues("x").Observe(1.5)
	state := 1.0
	metric.Read(set, func() float64 { return state },
		metric.Value("dcr_d", "D.", func(s float64) float64 { return s }),
		metric.Values("dcr_e_total", "E.", func(s float64, emit metric.Emit) { emit(s, "x"); emit(s+1, "y") }, "kind"),
	)
	state = 7
	got := testkit.Scrape(t, set.Handler(slog.New(slog.DiscardHandler)))
	for series, want := range map[string]float64{
		`dcr_a_total{kind="x"}`: 2, `dcr_b`: 3, `dcr_c_seconds_bucket{kind="x",le="1"}`: 0, `dcr_c_seconds_bucket{kind="x",le="2"}`: 1,
		`dcr_c_seconds_sum{kind="x"}`: 1.5, `dcr_d`: 7, `dcr_e_total{kind="x"}`: 7, `dcr_e_total{kind="y"}`: 8,
	} {
		if is, there := got[series]; !there || is != want {
			t.Errorf("%s is %v (%v), want %v", series, is, there, want)
		}
	}
	var defined []string
	for _, d := range set.Definitions()[len(metric.New("gate", "v1").Definitions()):] {
		defined = append(defined, strings.Join([]string{d.Name, d.Type, strings.Join(d.Labels, ",")}, " "))
	}
	want := []string{
		"dcr_a_total counter kind", "dcr_b gauge ", "dcr_c_seconds histogram kind",
		"dcr_d gauge ", "dcr_e_total counter kind",
	}
	if !slices.Equal(defined, want) {
		t.Errorf("defined: %q, want %q", defined, want)
	}
	for series := range got {
		if strings.HasPrefix(series, "dcr_build_info{") && strings.Contains(series, `part="gate"`) && strings.Contains(series, `version="v1"`) {
			return
		}
	}
	t.Error("there is no build info")
}

// A metric that cannot be read does not hide the others, and is logged.
func TestABrokenMetric(t *testing.T) {
	var log testkit.Log
	set := metric.New("gate", "v1")
	set.Gauge("dcr_good", "Good.").WithLabelValues().Set(1)
	metric.Read(set, func() int { return 0 }, metric.Values("dcr_bad", "Bad.", func(_ int, emit metric.Emit) { emit(1, "one too many") }))
	metric.Read(set, func() int { panic("a secret") }, metric.Value("dcr_worse", "Worse.", func(int) float64 { return 1 }))
	got := testkit.Scrape(t, set.Handler(slog.New(slog.NewTextHandler(&log, nil))))
	if got["dcr_good"] != 1 {
		t.Error("the good one is missing")
	}
	if text := log.Take(); !strings.Contains(text, "dcr_bad") || !strings.Contains(text, "dcr_worse") || strings.Contains(text, "secret") {
		t.Errorf("the log has %q", text)
	}
}

// Tools and tests measure into nothing.
func TestNoSet(t *testing.T) {
	var none *metric.Set
	if definitions := none.Definitions(); definitions != nil {
		t.Errorf("it defines %v", definitions)
	}
	none.Counter("dcr_a_total", "A.").WithLabelValues().Inc()
	none.Gauge("dcr_a_total", "A.").WithLabelValues().Inc()
	none.Histogram("dcr_a_total", "A.", nil).WithLabelValues().Observe(1)
	metric.Read(none, func() int { panic("read") }, metric.Value("dcr_b", "B.", func(int) float64 { return 0 }))
}
