package control

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/history"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

const misspelt = "upstream: bnak"

func TestFollowerTakesWhatIsSaved(t *testing.T) {
	w := start(t)
	first := w.active()
	w.save("routes.yaml", sample.Routes+"# two\n")
	second := w.active()
	w.save("directory.yaml", sample.Directory+"# two\n")
	third := w.active()
	if first == second || second == third || w.part.last() != third {
		t.Errorf("active were %s, %s and %s; the part has %s", first, second, third, w.part.last())
	}
	if s := w.Status(); s.Reloads != 3 || s.Refusals != 0 || s.Source != FromFile || s.Entry != 3 || s.Routes != 8 {
		t.Errorf("status %+v", s)
	}
}

func TestFollowerKeepsWhatIsGood(t *testing.T) {
	cases := []struct{ name, file, text, want string }{
		{"an error", "routes.yaml", strings.Replace(sample.Routes, "upstream: bank", misspelt, 1), "1 error: "},
		{"no YAML", "routes.yaml", "issuer: [", "1 error: "},
		{"an empty file", "routes.yaml", "", "1 error: "},
		{"what the part will not have", "routes.yaml", sample.Routes + refusedWord, errPart.Error()},
		{"a bad directory", "directory.yaml", "name: 3\n", "error"},
		{"invalid CAs", "ca.pem", "nothing", "2 errors, the first: "},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := start(t)
			good := w.active()
			before := slurp(t, filepath.Join(w.dir, c.file))
			w.save(c.file, c.text)
			s := w.refused()
			if s.Version != good || s.Healthy || s.Refusals != 1 || !strings.Contains(s.File.Refused, c.want) || s.LastError == "" || s.LastErrorAt == nil {
				t.Errorf("status %+v", s)
			}
			if w.part.last() != good || len(w.part.runs) != 1 {
				t.Errorf("the part has had %v", w.part.runs)
			}
			w.save(c.file, before)
			if fixed := w.active(); fixed != good {
				t.Errorf("active is %s, not %s", fixed, good)
			}
			if s := w.Status(); s.LastError == "" || s.Reloads != 1 {
				t.Errorf("after it was fixed: %+v", s)
			}
		})
	}
}

func TestFollowerLogsNoLineOfTheFile(t *testing.T) {
	w := start(t)
	w.save("routes.yaml", sample.With(t, "roles: [AISP], upstream: bank", "roles: [AISP], secret: hunter2, upstream: bank"))
	w.refused()
	for begun := time.Now(); !strings.Contains(w.log.String(), "key.unknown"); time.Sleep(time.Millisecond) { // the status is first
		if time.Since(begun) > awhile {
			t.Fatalf("the log says %s", w.log.String())
		}
	}
	if log := w.log.String(); strings.Contains(log, "hunter2") {
		t.Errorf("the log says %s", log)
	}
}

func TestFollowerTakesAFileThatGoesAndComes(t *testing.T) {
	w := start(t)
	good := w.active()
	if err := os.Remove(filepath.Join(w.dir, "directory.yaml")); err != nil {
		t.Fatal(err)
	}
	w.refused()
	w.save("directory.yaml", sample.Directory)
	if again := w.active(); again != good {
		t.Errorf("active is %s, not %s", again, good)
	}
}

// A deployment may write routes.yaml before the certificate that it names.
func TestFollowerWaitsForAFileThatIsNamed(t *testing.T) {
	w := start(t)
	w.active()
	w.save("routes.yaml", sample.With(t, `"https://localhost:8444", certificate: server.pem`, `"https://localhost:8444", certificate: later.pem`))
	if s := w.refused(); len(s.File.Problems) != 1 || s.File.Problems[0].ID != "file.missing" {
		t.Errorf("problems %v", s.File.Problems)
	}
	w.save("later.pem", slurp(t, filepath.Join(w.dir, "server.pem")))
	w.active()
}

func TestFollowerStartsOnTheLastGoodVersion(t *testing.T) {
	w := start(t)
	good := w.active()
	w.save("routes.yaml", strings.Replace(sample.Routes, "upstream: bank", misspelt, 1))
	w.refused()
	w.stop()

	again, err := follow(t, w.dir, w.state)
	if err != nil {
		t.Fatal(err)
	}
	s := again.Status()
	if s.Version != good || s.Healthy || s.Source != FromHistory || s.Why == "" || len(s.File.Problems) != 1 {
		t.Errorf("status %+v", s)
	}
	if log := again.log.String(); !strings.Contains(log, "started on the last good version") || strings.Contains(log, "previous version stays") {
		t.Errorf("it is not loud: %s", log)
	}
	again.save("routes.yaml", sample.Routes+"# fixed\n")
	again.active()
}

func TestFollowerDoesNotStartOnNothing(t *testing.T) {
	dir := sample.Folder(t)
	sample.Write(t, filepath.Join(dir, "routes.yaml"), "issuer: 7\n")
	if _, err := follow(t, dir, filepath.Join(t.TempDir(), "state")); err == nil {
		t.Error("it has started on a file that is refused")
	}
	sample.Write(t, filepath.Join(dir, "routes.yaml"), sample.Routes)
	state := filepath.Join(t.TempDir(), "state")
	w, err := follow(t, dir, state)
	if err != nil {
		t.Fatal(err)
	}
	w.active()
	if _, err := follow(t, dir, state); !errors.Is(err, history.ErrInUse) {
		t.Errorf("a second follower of one state folder: %v", err)
	}
}
