package decision

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestLine(t *testing.T) {
	full := Line{
		ID: "1", Interaction: "2", Route: "register", Method: "POST", Outcome: Refused, Status: 400, Rule: "scope", Code: "invalid_client_metadata",
		Cause: errors.New("why"), Client: "c", Software: "s", Org: "o", Certificate: "t", Version: "v", Took: 1500 * time.Microsecond,
		Chain: []Step{{"certificate", 12 * time.Microsecond}, {"statement", 1400 * time.Microsecond}}, Findings: []string{"scope.role /scope", "audience /aud"},
	}
	failed := Line{ID: "1", Outcome: Failed, Status: 503}
	for _, test := range []struct {
		name string
		line Line
		want map[string]any
	}{
		{"everything", full, map[string]any{
			"level": "INFO", "msg": "decision", "id": "1", "interaction": "2", "route": "register", "method": "POST", "outcome": "refused",
			"status": 400.0, "rule": "scope", "error": "invalid_client_metadata", "cause": "why", "client": "c", "software": "s", "org": "o",
			"certificate": "t", "version": "v", "took_us": 1500.0, "chain": "certificate:12 statement:1400", "findings": "scope.role /scope, audience /aud",
		}},
		{"what is not known is left out, and a failure is an error", failed, map[string]any{
			"level": "ERROR", "msg": "decision", "id": "1", "outcome": "failed", "status": 503.0, "route": "", "method": "", "took_us": 0.0,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var buffer bytes.Buffer
			test.line.Write(t.Context(), slog.New(slog.NewJSONHandler(&buffer, nil)))
			var got map[string]any
			if err := json.Unmarshal(buffer.Bytes(), &got); err != nil {
				t.Fatalf("not one line of JSON: %v", err)
			}
			delete(got, "time")
			if len(got) != len(test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			for name, want := range test.want {
				if got[name] != want {
					t.Errorf("%s = %v, want %v", name, got[name], want)
				}
			}
		})
	}
}

// Lines that are lost are counted.
func TestLost(t *testing.T) {
	log, file, err := Open(filepath.Join(t.TempDir(), "log.jsonl"), slog.LevelInfo)
	if err != nil {
		t.Fatal(err)
	}
	log.Info("kept")
	if err := file.Close(); err != nil || file.Lost() != 0 {
		t.Fatalf("%v, and %d lost", err, file.Lost())
	}
	log.Info("lost")
	if file.Lost() != 1 {
		t.Errorf("%d lost", file.Lost())
	}
}

func TestOpenAppends(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.jsonl")
	for range 2 {
		log, file, err := Open(path, slog.LevelInfo)
		if err != nil {
			t.Fatal(err)
		}
		log.Debug("not this")
		log.Info("this")
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if lines := bytes.Count(text, []byte("\n")); lines != 2 {
		t.Errorf("%d lines after two runs, want 2: %s", lines, text)
	}
	if _, _, err := Open(filepath.Join(path, "not-a-folder"), slog.LevelInfo); err == nil {
		t.Error("a log that cannot be written was opened")
	}
}
