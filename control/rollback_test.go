package control

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/history"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

// three saves three versions and returns them.
func three(w *world) [3]string {
	w.t.Helper()
	versions := [3]string{w.active()}
	for i, more := range []string{"# two\n", "# three\n"} {
		w.save("routes.yaml", sample.Routes+more)
		versions[i+1] = w.active()
	}
	return versions
}

func TestRollback(t *testing.T) {
	w := start(t)
	versions := three(w)
	if err := w.Rollback(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	s := w.Status()
	if s.Version != versions[0] || w.part.last() != versions[0] || s.Rollback != 1 || s.Entry != 1 || s.Healthy || s.File.Refused == "" || s.File.Version != versions[2] {
		t.Errorf("status %+v", s)
	}
	w.Poke() // what is on the disk stays aside as long as it does not change
	w.await("looked at", func(Status) bool { return true })
	if err := w.Rollback(t.Context(), 99); !errors.Is(err, history.ErrNotFound) {
		t.Errorf("rolled back to nothing: %v", err)
	}
	if w.Status().Version != versions[0] {
		t.Error("the file that was set aside is active again")
	}
	w.stop()

	again, err := follow(t, w.dir, w.state)
	if err != nil {
		t.Fatal(err)
	}
	if s := again.Status(); s.Version != versions[0] || s.Healthy {
		t.Errorf("after a restart: %+v", s)
	}
	again.save("routes.yaml", sample.Routes+"# four\n")
	again.active()
	if s := again.Status(); s.Rollback != 0 || s.Entry != 4 {
		t.Errorf("after a new file: %+v", s)
	}
}

// A changed file of the history no longer matches its version.
func TestRollbackChecksTheFiles(t *testing.T) {
	w := start(t)
	versions := three(w)
	kept, err := filepath.Glob(filepath.Join(w.state, "000001-*", "01-routes.yaml"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("got %v, %v", kept, err)
	}
	sample.Write(t, kept[0], sample.Routes+"# changed\n")
	if err := w.Rollback(t.Context(), 1); err == nil || w.Status().Version != versions[2] {
		t.Errorf("rolled back to a changed file: %v", err)
	}
}

// A version that was set aside is activated when it is saved again after another one.
func TestRollbackIsOverWhenTheFileIsSavedAgain(t *testing.T) {
	w := start(t)
	versions := three(w)
	if err := w.Rollback(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{sample.Routes, sample.Routes + "# three\n"} {
		w.save("routes.yaml", text)
		if have := w.active(); have != versions[2*i] {
			t.Errorf("active is %s, not %s", have, versions[2*i])
		}
	}
}

// After a roll back to what is on disk the part is healthy again.
func TestRollbackForward(t *testing.T) {
	w := start(t)
	versions := three(w)
	for _, n := range []int{1, 3} {
		if err := w.Rollback(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	w.Poke()
	if s := w.await("well", func(s Status) bool { return s.Healthy }); s.Version != versions[2] {
		t.Errorf("status %+v", s)
	}
}

func TestGiveUp(t *testing.T) {
	w := start(t)
	versions := three(w)
	const why = "envoy refuses the listeners: no such port"
	if err := w.GiveUp(t.Context(), versions[0], why); err != nil || w.Status().Version != versions[2] {
		t.Fatalf("a version that is not active was given up: %v", err)
	}
	if err := w.GiveUp(t.Context(), versions[2], why); err != nil {
		t.Fatal(err)
	}
	s := w.Status()
	if s.Version != versions[1] || s.File.Refused != why || s.LastError != why || s.Refusals != 1 {
		t.Errorf("status %+v", s)
	}
	w.save("routes.yaml", sample.Routes+"# four\n")
	w.active()
}

func TestGiveUpTheOnlyVersion(t *testing.T) {
	w := start(t)
	only := w.active()
	if err := w.GiveUp(t.Context(), only, "envoy is unhappy"); err == nil {
		t.Error("there is something to go back to")
	}
	if s := w.Status(); s.Version != only || s.Healthy {
		t.Errorf("status %+v", s)
	}
}

func TestHistory(t *testing.T) {
	w := start(t)
	versions := three(w)
	if err := w.Rollback(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	list := w.History()
	if len(list) != 3 {
		t.Fatalf("history %+v", list)
	}
	for i, entry := range list {
		if n := 3 - i; entry.N != n || entry.Version != versions[n-1] || entry.Live != (n == 2) || entry.Time.IsZero() {
			t.Errorf("entry %+v", entry)
		}
	}
}
