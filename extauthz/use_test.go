package extauthz

import (
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// TestUse: a version that the gate is told to forget decides nothing any more.
func TestUse(t *testing.T) {
	w := newWorld(t)
	first, next := w.policy(), w.next()
	if first.Version() != version || next.Version() != nextVersion {
		t.Errorf("the policies are of %s and %s", first.Version(), next.Version())
	}
	compact, _ := w.token("accounts", "payments")
	for _, step := range []struct {
		name          string
		use           []*Policy
		before, after string
	}{
		{"the first alone", []*Policy{first}, "200", "503 internal"},
		{"both", []*Policy{first, next}, "200", "200"},
		{"the next alone", []*Policy{next}, "503 internal", "200"},
		{"rolled back", []*Policy{first}, "200", "503 internal"},
		{"none", nil, "503 internal", "503 internal"},
	} {
		w.gate.Use(step.use...)
		for _, asked := range []struct{ version, want string }{{version, step.before}, {nextVersion, step.after}} {
			a := w.reading(compact)
			a.version = asked.version
			got, line := w.decided(t, a, nil)
			if got.verdict() != asked.want {
				t.Errorf("%s: version %s: got %q, want %q", step.name, asked.version, got.verdict(), asked.want)
			}
			if says := strings.Contains(line.Cause, asked.version); says == got.allowed {
				t.Errorf("%s: the log must name the version that is not there, and only that: %q", step.name, line.Cause)
			}
		}
	}
	unused, err := New(w.gate.config)
	w.must(err)
	if got := checkGate(t, unused, w.reading(compact).request()); got.verdict() != "503 internal" {
		t.Errorf("a gate that was given no policy: %q", got.verdict())
	}
	if _, err := NewPolicy(PolicyConfig{Routes: w.routes(), Filters: w.filters()}); err == nil || !strings.Contains(err.Error(), "needs the version") {
		t.Errorf("a policy without a version: %v", err)
	}
}

// TestUseUnderLoad changes policies while requests come in under the version that is always there, under one that comes
// and goes, and under one that never comes.
func TestUseUnderLoad(t *testing.T) {
	w := newWorld(t)
	first, next := w.policy(), w.next()
	compact, _ := w.token("accounts")
	questions := map[string]string{version: "200", nextVersion: "403 scope.missing 503 internal", "0000000000000000": "503 internal"}
	var done atomic.Bool
	var group sync.WaitGroup
	for asked, want := range questions {
		a := w.reading(compact)
		a.version = asked
		group.Go(func() {
			for !done.Load() {
				response, err := w.gate.Check(t.Context(), a.request())
				if err != nil {
					t.Errorf("%s: %v", asked, err)
				} else if got := readResponse(t, response); !strings.Contains(want, got.verdict()) {
					t.Errorf("%s: got %q, want %q", asked, got.verdict(), want)
				}
			}
		})
	}
	comes := w.reading(compact)
	comes.version = nextVersion
	for range 150 {
		w.gate.Use(first, next)
		w.want(t, comes, "403 scope.missing")
		w.gate.Use(first)
		w.want(t, comes, "503 internal")
	}
	done.Store(true)
	group.Wait()
	logged := map[string]bool{}
	for text := range strings.Lines(w.log.Take()) {
		var line logLine
		w.must(json.Unmarshal([]byte(text), &line))
		logged[line.Version+" "+line.Rule] = true
	}
	for _, want := range []string{version + " ", nextVersion + " scope.missing", " internal"} {
		if !logged[want] {
			t.Errorf("%q was never decided: %v", want, logged)
		}
	}
}
