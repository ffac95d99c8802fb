package run

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/test/redisserver"
)

// init waits for a Redis that comes later, says so, and begins one installation.
func TestInitWaitsForRedis(t *testing.T) {
	t.Parallel()
	server := redisserver.Start(t, t.TempDir())
	server.Stop()
	began := make(chan error, 1)
	var stdout, stderr testkit.Log
	go func() {
		began <- Init().Run(t.Context(), []string{"--redis", server.URL, "--wait", "30s"}, &stdout, &stderr)
	}()
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(stderr.String(), "waiting for Redis, at most 30s"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("init does not say that it waits: %s", stderr.String())
		}
	}
	server.Start()
	if err := <-began; err != nil {
		t.Fatal(err)
	}
	id, begins := strings.CutSuffix(strings.TrimPrefix(stdout.String(), "installation "), " begins\n")
	if !begins || id == "" {
		t.Errorf("init says %q", stdout.String())
	}
	var again bytes.Buffer
	if err := Init().Run(t.Context(), []string{"--redis", server.URL}, &again, &again); err != nil || again.String() != "installation "+id+" is there already\n" {
		t.Errorf("the second time: %q, %v", again.String(), err)
	}
}
