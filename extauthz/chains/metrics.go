package chains

import (
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/fetched"
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
	p.measureQueues(set)
	set.Expires(p.statementKeys)
}

// measureQueues declares the metrics of the queues.
func (p *Policies) measureQueues(set *metric.Set) {
	each := func(of func(fetched.QueueState) float64) func(map[string]*fetched.Queue, metric.Emit) {
		return func(all map[string]*fetched.Queue, emit metric.Emit) {
			for check, queue := range all {
				emit(of(queue.State()), check)
			}
		}
	}
	metric.Read(set, func() map[string]*fetched.Queue { return p.waiting },
		metric.Values("dcr_gate_queue_waiting", "Requests that wait for key sets of slow servers, by check.",
			each(func(s fetched.QueueState) float64 { return float64(s.Waiting) }), "check"),
		metric.Values("dcr_gate_queue_max_waiting", "Requests that may wait; any more are answered 503.",
			each(func(s fetched.QueueState) float64 { return float64(s.Most) }), "check"),
		metric.Values("dcr_gate_queue_rejected_total", "Requests answered 503 because too many waited.",
			each(func(s fetched.QueueState) float64 { return float64(s.Refused) }), "check"),
	)
}

// statementKeys returns when the certificates of the directories' keys end.
func (p *Policies) statementKeys() []metric.Expiry {
	var all []metric.Expiry
	for _, d := range p.Directories() {
		if !d.Certified.IsZero() {
			all = append(all, metric.Expiry{Kind: "statement_key", Name: d.Name, At: d.Certified})
		}
	}
	return all
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
