package admin

import (
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/decision"
)

func explained(t *testing.T, arguments ...string) (stdout string, code int) {
	t.Helper()
	stdout, _, code = program(t, append([]string{"explain"}, arguments...)...)
	return stdout, code
}

func TestDecision(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gate.jsonl")
	log, file, err := decision.Open(path, slog.LevelInfo)
	ok(t, err)
	decision.Line{
		ID: "4c1f", Interaction: "93ab", Route: "register", Method: "POST", Outcome: decision.Refused, Status: 400, Rule: "audience", Code: "invalid_client_metadata",
		Software: "soft", Org: "org", Version: "0123", Took: 3 * time.Millisecond,
		Chain:    []decision.Step{{Check: "certificate", Took: 120 * time.Microsecond}, {Check: "statement", Took: 2800 * time.Microsecond}},
		Findings: []string{"audience /aud", "scope.role /scope"},
	}.Write(t.Context(), log.With("part", "gate", "trace_id", "4bf9"))
	ok(t, file.Close())

	stdout, code := explained(t, "93ab", "--log", path)
	if _, rest, _ := strings.Cut(stdout, "Z: "); code != 0 || rest != strings.TrimPrefix(`
POST register, refused, 400 invalid_client_metadata
  by                 the gate, in 3000 us, under version 0123 of the routes
  decision           4c1f
  interaction        93ab
  trace              4bf9
  check certificate  passed, 120 us
  check statement    REFUSED, 2800 us
  finding            audience /aud
  finding            scope.role /scope
  software           soft
  organisation       org
`, "\n") {
		t.Errorf("%d\n%s", code, stdout)
	}
	stdout, _ = explained(t, "--output", "json", "--log", path, "4c1f")
	var entries []decision.Entry
	if err := json.Unmarshal([]byte(stdout), &entries); err != nil || len(entries) != 1 || entries[0].Rule != "audience" {
		t.Errorf("%v: %s", err, stdout)
	}
	for _, c := range []struct {
		arguments []string
		code      int
	}{{[]string{"none", "--log", path}, 1}, {nil, 2}, {[]string{"a", "b"}, 2}, {[]string{"--output", "xml", "a"}, 2}, {[]string{"--nonsense"}, 2}} {
		if _, code := explained(t, c.arguments...); code != c.code {
			t.Errorf("%q: exit code %d, want %d", c.arguments, code, c.code)
		}
	}
}
