package scenario

import (
	"net/http"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// factsLife is how long facts live, with what the registry grants to a clock that is behind.
const factsLife = 36 * time.Second

// TestOwnWorld holds the tests that take parts away or count what is stored, one after the other in a world of their
// own. The first captures facts, the last uses them when they are stale: what is between saves it the wait.
func TestOwnWorld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := enrol(t, w, harness.Order{}).register(t, nil)
	captured := captureFacts(t, c)
	begun := time.Now()
	t.Run("the registry's socket", func(t *testing.T) { registrySocket(t, w, captured) })
	t.Run("what a bank receives", func(t *testing.T) { bankReceives(t, c) })
	t.Run("large bodies", func(t *testing.T) { largeBodies(t, c) })
	t.Run("revoked signing keys", func(t *testing.T) { revokedKeys(t, w) })
	t.Run("outbound connections", func(t *testing.T) { outbound(t, w) })
	t.Run("stale facts", func(t *testing.T) {
		if testing.Short() {
			t.Skip("they live for half a minute")
		}
		time.Sleep(time.Until(begun.Add(factsLife)))
		notGateway("facts.stale").check(t, captured.second.replay(t, w))
		// The request itself is still good: with facts of its own it is registered.
		answer := captured.late.do(t, call{method: "POST", url: captured.late.registration, contentType: "application/jose", body: captured.second.body})
		if answer.Status != http.StatusCreated {
			t.Errorf("the request through the gateway: %s", answer)
		}
	})
}

// notGateway is how the registry refuses what did not come through the gate.
func notGateway(rule string) want { return want{http.StatusForbidden, "access_denied", rule} }
