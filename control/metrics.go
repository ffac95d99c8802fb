package control

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/dcr-gateway/dcr-gateway/envoy/xds"
)

// The metrics of a part's configuration. They are computed from its status on each scrape, so that the two cannot disagree.
var (
	infoDesc      = prometheus.NewDesc("dcr_routes_info", "The active version of routes.yaml.", []string{"version", "source"}, nil)
	countDesc     = prometheus.NewDesc("dcr_routes", "Active routes.", nil, nil)
	sinceDesc     = prometheus.NewDesc("dcr_routes_since_timestamp_seconds", "When the active version was activated.", nil, nil)
	refusedDesc   = prometheus.NewDesc("dcr_routes_file_refused", "1 while the file on disk is not active.", nil, nil)
	healthyDesc   = prometheus.NewDesc("dcr_routes_healthy", "1 while the part runs on what is on disk.", nil, nil)
	reloadsDesc   = prometheus.NewDesc("dcr_routes_reloads_total", "Versions activated.", nil, nil)
	refusalsDesc  = prometheus.NewDesc("dcr_routes_refusals_total", "Versions rejected.", nil, nil)
	envoysDesc    = prometheus.NewDesc("dcr_envoys", "Envoys connected.", nil, nil)
	directoryDesc = prometheus.NewDesc("dcr_directory_keys", "1 while the keys of the directory are known or can be fetched.", []string{"directory"}, nil)
	overdueDesc   = prometheus.NewDesc("dcr_directory_overdue_sets", "Key sets that should have been fetched again, and could not be.", []string{"directory"}, nil)
	oldestDesc    = prometheus.NewDesc("dcr_directory_oldest_set_seconds", "Age of the oldest of these.", []string{"directory"}, nil)
	envoyLateDesc = prometheus.NewDesc("dcr_envoys_behind", "Envoys that have not acknowledged the active version.", nil, nil)
)

// collector implements prometheus.Collector over a status.
type collector func() Status

// Describe implements prometheus.Collector.
func (c collector) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, out) }

// Collect implements prometheus.Collector.
func (c collector) Collect(out chan<- prometheus.Metric) {
	s := c()
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	gauge(infoDesc, 1, s.Version, s.Source)
	gauge(countDesc, float64(s.Routes))
	gauge(sinceDesc, float64(s.Since.Unix()))
	gauge(refusedDesc, one(s.File.Refused != ""))
	gauge(healthyDesc, one(s.Healthy))
	gauge(envoysDesc, float64(len(s.Envoys)))
	for _, directory := range s.Directories {
		gauge(directoryDesc, one(directory.Why == ""), directory.Name)
		gauge(overdueDesc, float64(directory.Overdue), directory.Name)
		gauge(oldestDesc, float64(directory.Oldest), directory.Name)
	}
	behind := 0
	for _, envoy := range s.Envoys {
		if !has(envoy, s.Version) {
			behind++
		}
	}
	gauge(envoyLateDesc, float64(behind))
	out <- prometheus.MustNewConstMetric(reloadsDesc, prometheus.CounterValue, float64(s.Reloads))
	out <- prometheus.MustNewConstMetric(refusalsDesc, prometheus.CounterValue, float64(s.Refusals))
}

// has reports whether an Envoy has acknowledged a version. Secrets do not count: they have their own versions.
func has(envoy xds.Envoy, version string) bool {
	for kind, ack := range envoy.Types {
		if kind != secretsType && ack.Version != version {
			return false
		}
	}
	return len(envoy.Types) > 0
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func metrics(status func() Status, more []prometheus.Collector) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector(status), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	registry.MustRegister(more...)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}
