package control

import (
	"time"

	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/envoy/xds"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
)

// Measure declares the metrics of a gate's configuration. A scrape computes them from the status, so that the two cannot
// disagree.
func Measure(set *metric.Set, status func() Status) {
	metric.Read(set, status,
		metric.Values("dcr_routes_info", "1; the labels are the active version of routes.yaml, and whether it is from the file or from the history.",
			func(s Status, emit metric.Emit) { emit(1, s.Version, s.Source) }, "version", "source"),
		metric.Value("dcr_routes", "Routes of the active version.", func(s Status) float64 { return float64(s.Routes) }),
		metric.Value("dcr_routes_activated_timestamp_seconds", "When the active version was activated.", func(s Status) float64 { return float64(s.Since.Unix()) }),
		metric.Value("dcr_routes_file_refused", "1 while the file on disk is not active: it has errors, Envoy rejects it, or it was rolled back.",
			func(s Status) float64 { return metric.Bool(s.File.Refused != "") }),
		metric.Value("dcr_routes_file_warnings", "Warnings about the file on disk.", func(s Status) float64 { return float64(len(s.File.Warnings)) }),
		metric.Values("dcr_routes_last_error_timestamp_seconds", "When a version was last rejected; 0 if none was since the start.", lastError),
		metric.Value("dcr_routes_reloads_total", "Versions activated.", func(s Status) float64 { return float64(s.Reloads) }),
		metric.Value("dcr_routes_refusals_total", "Versions rejected.", func(s Status) float64 { return float64(s.Refusals) }),
		metric.Value("dcr_routes_versions", "Versions that the gate decides under: the active one, and those that an Envoy may still use.",
			func(s Status) float64 { return float64(len(s.Known)) }),
		metric.Value("dcr_gate_healthy", "1 while the gate runs on what is on disk, Redis serves, and the keys of all directories can be fetched.",
			func(s Status) float64 { return metric.Bool(s.Healthy) }),
		metric.Value("dcr_certificates_refused", "1 while the certificates on disk are not used, because they cannot be read or Envoy rejects them.",
			func(s Status) float64 { return metric.Bool(s.Certificates != "") }),
		metric.Value("dcr_gate_orphaned_requests_total", "Requests that failed because the configuration lacks the client's profile or directory.",
			func(s Status) float64 { return float64(s.Orphans.Requests) }),
		metric.Value("dcr_envoys", "Envoys connected to the gate.", func(s Status) float64 { return float64(len(s.Envoys)) }),
		metric.Value("dcr_envoys_behind", "Envoys that have not acknowledged the active version.", behind),
		metric.Values("dcr_envoys_refusing", "Envoys that reject what the gate sent last, by type of resource.", refusing, "type"),
	)
}

// Expiries returns when the certificates end that Envoy uses, and the CAs of the directories of the active version. An Envoy
// that has rejected a certificate uses the one before.
func (g *Gate) Expiries() []metric.Expiry {
	live, now := g.current(), time.Now()
	if live == nil {
		return nil
	}
	g.mu.Lock()
	secrets := live.acknowledged
	if secrets == nil {
		secrets = live.secrets
	}
	g.mu.Unlock()
	all := envoy.Expiries(secrets, now)
	for _, d := range live.version.Directories {
		for kind, anchors := range d.Anchors {
			all = append(all, metric.Expiry{Kind: "directory_ca", Name: d.Name + "/" + kind, At: anchors.Ends(now)})
		}
	}
	return all
}

func lastError(s Status, emit metric.Emit) {
	if s.LastErrorAt == nil {
		emit(0)
		return
	}
	emit(float64(s.LastErrorAt.Unix()))
}

func behind(s Status) float64 {
	late := 0
	for _, envoy := range s.Envoys {
		if !has(envoy, s.Version) {
			late++
		}
	}
	return float64(late)
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

func refusing(s Status, emit metric.Emit) {
	for _, kind := range xds.Types() {
		count := 0
		for _, envoy := range s.Envoys {
			if envoy.Types[kind].Refused != "" {
				count++
			}
		}
		emit(float64(count), kind)
	}
}
