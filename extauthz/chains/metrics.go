package chains

import (
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/metric"
)

// measure declares the metrics of the directories' key sets.
func (p *Policies) measure(set *metric.Set) {
	metric.Read(set, p.Directories,
		each("dcr_directory_up", "1 while the keys that verify the directory's software statements are known or can be fetched.",
			func(h DirectoryHealth) float64 { return metric.Bool(h.Why == "") }),
		each("dcr_directory_keys_fetched_timestamp_seconds", "When these keys were last fetched; 0 before the first time.",
			func(h DirectoryHealth) float64 { return seconds(h.Keys.Fetched) }),
		each("dcr_directory_keys_due_timestamp_seconds", "When these keys must have been fetched again; a gate begins earlier.",
			func(h DirectoryHealth) float64 { return seconds(h.Keys.Expires) }),
		each("dcr_directory_keys_end_timestamp_seconds", "Until when these keys are used if they cannot be fetched again. After that no client can register.",
			func(h DirectoryHealth) float64 { return seconds(h.Keys.Ends) }),
		each("dcr_directory_keys_failures", "Fetches of these keys that failed since the last that succeeded.",
			func(h DirectoryHealth) float64 { return float64(h.Keys.Failures) }),
		each("dcr_directory_key_sets", "Key sets in memory, those of participants too.", func(h DirectoryHealth) float64 { return float64(h.Sets) }),
		each("dcr_directory_overdue_key_sets", "Key sets in use that should have been fetched again, and could not be.",
			func(h DirectoryHealth) float64 { return float64(h.Overdue) }),
		each("dcr_directory_overdue_key_set_age_seconds", "Age of the oldest of the overdue key sets; 0 if none is overdue.",
			func(h DirectoryHealth) float64 { return float64(h.Oldest) }),
	)
}

// each returns a metric of each directory.
func each(name, help string, of func(DirectoryHealth) float64) metric.Reading[[]DirectoryHealth] {
	return metric.Values(name, help, func(all []DirectoryHealth, emit metric.Emit) {
		for _, one := range all {
			emit(of(one), one.Name)
		}
	}, "directory")
}

// seconds is a time as Prometheus has it; 0 for the zero time.
func seconds(at time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return float64(at.UnixMilli()) / 1000
}
