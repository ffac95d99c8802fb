package fault

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// TestCrashDuringWrites kills a part with kill -9 while clients register. A client that received 201 is there afterwards;
// any other is there wholly or not at all: it can register, or is refused because it has registered.
func TestCrashDuringWrites(t *testing.T) {
	const products = 24
	for _, part := range []string{"registry", "redis"} {
		t.Run(part, func(t *testing.T) {
			clients := make([]tpp, products)
			for i := range clients {
				clients[i] = stranger(t)
			}
			answers := make([]*harness.Answer, products)
			acknowledged := make(chan struct{}, products)
			var running sync.WaitGroup
			for i, p := range clients {
				running.Go(func() {
					time.Sleep(time.Duration(i) * 3 * time.Millisecond)
					answer, err := p.Try(t, http.MethodPost, world.File.Registration, "application/jose", p.Request().Compact(), false)
					if err != nil {
						t.Logf("an answer is lost: %v", err) // a part that dies may have begun to answer
						return
					}
					if answers[i] = answer; answer.Status == http.StatusCreated {
						acknowledged <- struct{}{}
					}
				})
			}
			for range products / 4 {
				<-acknowledged
			}
			kill(t, part)
			running.Wait()
			restart(t)
			probe := stranger(t)
			back(t, "register", http.StatusCreated, func() *harness.Answer { return probe.register(t) })

			kept, lost := 0, 0
			for i, p := range clients {
				again := p.register(t)
				told := answers[i] != nil && answers[i].Status == http.StatusCreated
				untold := answers[i] == nil || answers[i].Status == http.StatusServiceUnavailable
				switch {
				case again.Status != http.StatusCreated:
					t.Errorf("a client without a token is not given back: %s", again)
				case told && again.JSON(t)["client_id"] == answers[i].JSON(t)["client_id"]:
					kept++
				case untold:
					lost++
				default:
					t.Errorf("before the crash %s, afterwards %s", answers[i], again)
				}
			}
			if kept == 0 {
				t.Errorf("nobody was registered before the crash: %d were refused", lost)
			}
			t.Logf("%d acknowledged and kept, %d not acknowledged", kept, lost)
		})
	}
}
