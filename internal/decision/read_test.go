package decision

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.jsonl")
	log, file, err := Open(path, slog.LevelInfo)
	if err != nil {
		t.Fatal(err)
	}
	first := Line{ID: "one", Interaction: "seen", Outcome: Allowed, Status: 200, Chain: []Step{{"certificate", 12 * time.Microsecond}, {"bearer", 80 * time.Microsecond}}}
	first.Write(t.Context(), log.With("part", "gate"))
	Line{ID: "two", Outcome: Refused, Status: 400, Rule: "scope", Findings: []string{"scope /scope", "audience /aud"}}.Write(t.Context(), log)
	log.Info("of something else", "id", "one")
	Line{ID: "three", Interaction: "seen", Outcome: Done, Status: 201}.Write(t.Context(), log.With("trace_id", "traced"))
	if _, err := file.Write([]byte("not JSON, of one\n" + strings.Repeat("x", maxLine+1) + "\n" + `{"msg":"decision","id":"last","part":"gate"}`)); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{"one": "one", "two": "two", "seen": "one three", "traced": "three", "last": "last", "on": ""} {
		found, err := Find(path, id)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, entry := range found {
			ids = append(ids, entry.ID)
		}
		if have := strings.Join(ids, " "); have != want {
			t.Errorf("%s: found %q, want %q", id, have, want)
		}
	}
	found, err := Find(path, "one")
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if steps := found[0].Steps(); len(steps) != 2 || steps[1] != first.Chain[1] || found[0].Part != "gate" {
		t.Errorf("steps %v of %+v", steps, found[0])
	}
	if _, err := Find(filepath.Join(t.TempDir(), "none"), "one"); err == nil {
		t.Error("a log was read that is not there")
	}
}
