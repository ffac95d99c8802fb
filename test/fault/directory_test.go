package fault

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// A directory that is down is found when the gate starts or reads another file, before anybody registers. The probe says so
// and stays 200: calls go on. It recovers by itself.
func TestDirectoryDown(t *testing.T) {
	p := enrol(t)
	text, err := world.Routes()
	if err != nil {
		t.Fatal(err)
	}
	kill(t, harness.Directory)
	// Other tokens need another bearer check, so that nothing is remembered of the directory.
	changed := strings.Replace(text, "lifetime: 300s", "lifetime: 299s", 1)
	if changed == text {
		t.Fatal("the file of the world has no such lifetime")
	}
	if err := world.SaveRoutes(changed); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := world.SaveRoutes(text); err != nil {
			t.Error(err)
		}
	})
	const why = "cannot be fetched"
	says := func(what string, wanted func(ready, status, metrics string) bool) {
		t.Helper()
		for begun := time.Now(); ; time.Sleep(100 * time.Millisecond) {
			ready, status, metrics := admin(t, "gate", "/readyz"), admin(t, "gate", "/status"), admin(t, "gate", "/metrics")
			if wanted(ready, status, metrics) {
				return
			}
			if time.Since(begun) > 90*time.Second {
				t.Fatalf("not %s: %s\n%s", what, ready, status)
			}
		}
	}
	health := func(ready string) (status, why string) {
		var body struct{ Status, Why string }
		if err := json.Unmarshal([]byte(ready), &body); err != nil {
			t.Fatal(err)
		}
		return body.Status, body.Why
	}
	says("degraded", func(ready, status, metrics string) bool {
		is, reason := health(ready)
		return is == "degraded" && strings.Contains(reason, why) && strings.Contains(status, "connection refused") && strings.Contains(metrics, `dcr_directory_up{directory="`) &&
			strings.Contains(metrics, "\"} 0\n")
	})
	log, err := os.ReadFile(world.Path("logs/gate.jsonl"))
	if err != nil || !strings.Contains(string(log), "the keys of a directory cannot be fetched") {
		t.Errorf("the gate's log does not say so: %v", err)
	}
	restart(t)
	says("recovered", func(ready, _, _ string) bool { is, _ := health(ready); return is == "ok" })
	back(t, "accounts", http.StatusOK, func() *harness.Answer { return p.accounts(t) })
}
