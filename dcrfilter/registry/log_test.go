package registry

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestOneLinePerRequest(t *testing.T) {
	w := newWorld(t)
	s := newSoftware()
	id := w.register(s, nil)
	compact := w.newToken(id)
	w.form("revoke", id, "token="+compact)
	w.post(s, nil)
	w.do(call{route: "none", method: "GET", target: "/jwks"})
	want := []struct {
		route, outcome, rule, client string
		status                       float64
	}{
		{"register", "done", "", id, 201}, {"token", "done", "", id, 200}, {"revoke", "done", "", id, 200},
		{"register", "refused", "software.duplicate", "", 400}, {"none", "refused", "facts.route", "", 403},
	}
	lines := strings.Split(strings.TrimSpace(w.log.String()), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(want), w.log.String())
	}
	for i, line := range lines {
		var got map[string]any
		w.must(json.Unmarshal([]byte(line), &got))
		rule, _ := got["rule"].(string)
		client, _ := got["client"].(string)
		if got["route"] != want[i].route || got["outcome"] != want[i].outcome || rule != want[i].rule || got["status"] != want[i].status || client != want[i].client {
			t.Errorf("line %d is %s, want %+v", i, line, want[i])
		}
		if id, _ := got["id"].(string); id == "" || got["version"] != versionID || got["took_us"] == nil {
			t.Errorf("line %d lacks something: %s", i, line)
		}
	}
	for _, part := range strings.Split(compact, ".") {
		if strings.Contains(w.log.String(), part) {
			t.Error("a part of a token is in the log")
		}
	}
}
