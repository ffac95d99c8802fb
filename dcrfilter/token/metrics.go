package token

import (
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/metric"
)

// ringState is what the metrics show of the rings of one source.
type ringState struct {
	source string // redis, or files that routes.yaml names
	keys   int
	since  time.Time // since when the signing key signs; zero if that is not known
	stale  bool
}

// measure declares the metrics of the keys of access tokens.
func (r *Rings) measure(set *metric.Set) {
	each := func(of func(ringState) float64) func([]ringState, metric.Emit) {
		return func(all []ringState, emit metric.Emit) {
			for _, one := range all {
				emit(of(one), one.source)
			}
		}
	}
	metric.Read(set, r.states,
		metric.Values("dcr_token_keys", "Keys that verify access tokens, by source: redis, or files. Without any no token is valid.",
			each(func(s ringState) float64 { return float64(s.keys) }), "source"),
		metric.Values("dcr_token_keys_stale", "1 while the keys could not be read again; those read last are used.",
			each(func(s ringState) float64 { return metric.Bool(s.stale) }), "source"),
		metric.Values("dcr_token_key_signs_since_timestamp_seconds", "Since when the signing key signs; 0 if that is not known: of files, and without keys. "+
			"A key in Redis signs for 30 days.", each(func(s ringState) float64 {
			if s.since.IsZero() {
				return 0
			}
			return float64(s.since.Unix())
		}), "source"),
	)
}

// states returns the state of the rings by their source. Several lists of files count as one: that with the fewest keys.
func (r *Rings) states() []ringState {
	r.mu.Lock()
	defer r.mu.Unlock()
	bySource := map[string]ringState{}
	for files, known := range r.rings {
		now := ringState{source: "files", keys: len(known.ring.keys.Load().keys), stale: known.ring.stale.Load()}
		if files == "" {
			now.source = "redis"
			if signing, err := known.ring.signing(); err == nil {
				now.since = signing.signsFrom
			}
		}
		if before, ok := bySource[now.source]; ok {
			now.keys, now.stale = min(now.keys, before.keys), now.stale || before.stale
		}
		bySource[now.source] = now
	}
	var all []ringState
	for _, one := range bySource {
		all = append(all, one)
	}
	return all
}
