package admin

import (
	"strings"
	"testing"
)

// TestGatesOfTheEnvironment: $DCR_GATE names the gates that --gate does not.
func TestGatesOfTheEnvironment(t *testing.T) {
	t.Setenv("DCR_GATE", "unix:a.sock,unix:b.sock")
	if stdout, _, code := run(t, "status"); code != 1 || !strings.Contains(stdout, "gate unix:a.sock\n") || !strings.Contains(stdout, "gate unix:b.sock\n") {
		t.Errorf("code %d, %s", code, stdout)
	}
	if stdout, _, code := run(t, "status", "--gate", "unix:c.sock"); code != 1 || strings.Contains(stdout, "a.sock") {
		t.Errorf("code %d, %s", code, stdout)
	}
	t.Setenv("DCR_GATE", "127.0.0.1:1")
	if stdout, _, code := run(t, "status"); code != 1 || !strings.Contains(stdout, "must be unix:PATH") {
		t.Errorf("code %d, %s", code, stdout)
	}
}
