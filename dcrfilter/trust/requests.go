package trust

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/internal/jwks"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
)

// Open returns a directory that fetches its key sets and those of its participants, and counts these requests. It has an HTTP
// client of its own, which reaches only that directory's hosts.
func Open(d *directory.Directory, requests *Requests) *Directory {
	policy := d.Policy()
	policy.Fetched = requests.of(d.Name)
	return &Directory{Directory: d.Directory, Keys: jwks.New(outbound.New(policy), time.Now, d.Outage)}
}

// fetchBuckets are upper bounds in seconds: a fetch takes 20 ms to some hundreds, and 3 seconds at most.
var fetchBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 3, 4}

// Requests are the metrics of the requests to directories and to the key servers of their participants.
type Requests struct {
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
}

// NewRequests declares the metrics; the set may be nil.
func NewRequests(set *metric.Set) *Requests {
	return &Requests{
		requests: set.Counter("dcr_directory_requests_total", "Requests for key sets of a directory and its participants, by outcome: "+
			"ok, not_modified, gone (404 or 410), forbidden (the directory file does not allow the address), timeout, or failed.", "directory", "outcome"),
		took: set.Histogram("dcr_directory_request_duration_seconds", "Time of a request for a key set.", fetchBuckets, "directory"),
	}
}

// of returns what counts the requests for key sets of a directory.
func (m *Requests) of(directory string) func(err error, notModified bool, took time.Duration) {
	return func(err error, notModified bool, took time.Duration) {
		m.requests.WithLabelValues(directory, outcomeOf(err, notModified)).Inc()
		m.took.WithLabelValues(directory).Observe(took.Seconds())
	}
}

func outcomeOf(err error, notModified bool) string {
	late, isNet := errors.AsType[net.Error](err)
	switch {
	case err == nil && notModified:
		return "not_modified"
	case err == nil:
		return "ok"
	case errors.Is(err, outbound.ErrForbidden):
		return "forbidden"
	case errors.Is(err, outbound.ErrGone):
		return "gone"
	case errors.Is(err, context.DeadlineExceeded), isNet && late.Timeout():
		return "timeout"
	}
	return "failed"
}
