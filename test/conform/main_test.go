// Package conform judges our own gateway with the product's conformance cases, and banks that are almost it.
package conform

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/cli/conform"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

var gateway *harness.World

func TestMain(m *testing.M) {
	os.Exit(harness.MainLean(m, func(_ string, w *harness.World) { gateway = w }))
}

// judge runs the command, and returns its exit code and report.
func judge(t *testing.T, arguments ...string) (int, *conform.Report) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	err := conform.Command().Run(t.Context(), append([]string{"--world", gateway.Dir, "--out", "json"}, arguments...), &stdout, &stderr)
	var exit interface{ ExitCode() int }
	code := 0
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	}
	if stdout.Len() == 0 {
		t.Fatalf("code %d: %v %s", code, err, stderr.String())
	}
	var report conform.Report
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	return code, &report
}

// A sandbox is what world.json says of profiles.
type sandbox struct {
	Worlds map[string]any `json:"worlds"` // of profiles whose TPPs are another directory's
}

func readSandbox(t *testing.T) sandbox {
	t.Helper()
	var s sandbox
	text, err := os.ReadFile(filepath.Join(gateway.Dir, "world.json"))
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}
