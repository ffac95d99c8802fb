package fault

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// waiting is how many registrations with one certificate may wait for key sets at one time.
const waiting = 16

// Registrations that wait for a key server that does not answer cannot starve calls: those beyond the limit of their
// certificate are answered at once, while the others wait.
func TestRegistrationsWaitInAQueue(t *testing.T) {
	caller, p := enrol(t), stranger(t)
	const all = 100
	var requests []*harness.JWT
	for range all {
		requests = append(requests, p.Request())
	}
	release, gaveUp := make(chan struct{}), atomic.Bool{}
	t.Cleanup(func() { restart(t) })
	world.Impersonate(t, harness.Directory, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.URL.Path, p.SoftwareID): // a tarpit
			select {
			case <-release:
			case <-r.Context().Done():
				gaveUp.Store(true)
			}
		case strings.Contains(r.URL.Path, "revoked"):
			_, _ = w.Write([]byte(`{"keys":[]}`))
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))

	answers := make(chan *harness.Answer, all)
	for _, request := range requests {
		go func() { answers <- p.Apply(t, request) }()
	}
	for range all - waiting {
		unavailable(t, "a registration beyond the limit", <-answers)
	}
	if answer := caller.accounts(t); answer.Status != http.StatusOK {
		t.Errorf("a call: %s", answer)
	}
	if gaveUp.Load() {
		t.Error("registrations beyond the limit waited as long as the others")
	}
	close(release)
	for range waiting {
		unavailable(t, "a registration that waited for nothing", <-answers)
	}
}
