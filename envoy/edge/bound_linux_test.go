package edge

import (
	"testing"
	"time"
)

func TestEnvoyDoesNotOutliveItsSupervisor(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	c := supervisor(t, e)
	e.serves(t)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(3 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if e.refusal() != nil {
			return
		}
	}
	t.Error("envoy goes on without its supervisor")
}
