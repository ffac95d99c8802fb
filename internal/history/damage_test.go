package history

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const secondName = "000002-0000000000000002.json"

// damages are done to a history of three entries, of which the second one is live.
var damages = []struct {
	name  string
	do    func(t *testing.T, dir string) error
	fault string // what Faults must say
	want  []int  // entries that are left
	live  int
}{
	{"nothing", func(*testing.T, string) error { return nil }, "", []int{3, 2, 1}, 2},
	{"a cut file", func(_ *testing.T, dir string) error { return os.Truncate(dir+"/"+secondName, 100) }, "is not whole", []int{3, 1}, 0},
	{"an empty file", func(_ *testing.T, dir string) error { return os.Truncate(dir+"/"+secondName, 0) }, "is not whole", []int{3, 1}, 0},
	{"a bit of the head", flip(20), "is not whole", []int{3, 1}, 0},
	{"a bit of the files", flip(200), "is not whole", []int{3, 1}, 0},
	{"a bit of the digest", flip(-20), "is not whole", []int{3, 1}, 0},
	{"another's name", func(_ *testing.T, dir string) error {
		return os.Rename(dir+"/"+secondName, dir+"/000009-0000000000000002.json")
	}, "is the file of another entry", []int{3, 1}, 0},
	{"a number twice", func(_ *testing.T, dir string) error {
		text, err := encode(Entry{N: 2, Version: "ff"})
		return errors.Join(err, os.WriteFile(dir+"/000002-ff.json", text, 0o600))
	}, "has the number of another entry", []int{3, 2, 1}, 2},
	{"sealed without a head", func(_ *testing.T, dir string) error { return sealed(dir, "none\n") }, "is not the file of an entry", []int{3, 1}, 0},
	{"a folder instead", func(_ *testing.T, dir string) error {
		return errors.Join(os.Remove(dir+"/"+secondName), os.Mkdir(dir+"/"+secondName, 0o700))
	}, "is a directory", []int{3, 1}, 0},
	{"a deleted file", func(_ *testing.T, dir string) error { return os.Remove(dir + "/" + secondName) }, "the live entry 2 is missing", []int{3, 1}, 0},
	{"a half-written file", func(_ *testing.T, dir string) error {
		return os.WriteFile(dir+"/"+partial+"123", []byte("{"), 0o600)
	}, "", []int{3, 2, 1}, 2},
	{"a stranger's file", func(_ *testing.T, dir string) error {
		return os.WriteFile(dir+"/routes.yaml", []byte("{"), 0o600)
	}, "", []int{3, 2, 1}, 2},
	{"a cut state", func(_ *testing.T, dir string) error { return os.Truncate(dir+"/state.json", 5) }, "state.json cannot be read", []int{3, 2, 1}, 0},
	{"no state", func(_ *testing.T, dir string) error { return os.Remove(dir + "/state.json") }, "", []int{3, 2, 1}, 0},
	{"a state with another's version", func(_ *testing.T, dir string) error {
		return os.WriteFile(dir+"/state.json", []byte(`{"live":2,"aside":"../x"}`), 0o600)
	}, "state.json cannot be read", []int{3, 2, 1}, 0},
	{"a huge state", func(_ *testing.T, dir string) error { return os.Truncate(dir+"/state.json", maxState+1) }, "state.json is larger", []int{3, 2, 1}, 0},
}

// flip changes a bit of the second entry's file.
func flip(offset int) func(*testing.T, string) error {
	return func(_ *testing.T, dir string) error {
		text, err := os.ReadFile(dir + "/" + secondName)
		if err != nil {
			return err
		}
		if offset < 0 {
			offset += len(text)
		}
		text[offset] ^= 1
		return os.WriteFile(dir+"/"+secondName, text, 0o600)
	}
}

// sealed writes a file whose digest is right.
func sealed(dir, text string) error {
	text += fmt.Sprintf("{\"sha256\":%q}\n", sealOf([]byte(text)).SHA256)
	return os.WriteFile(dir+"/"+secondName, []byte(text), 0o600)
}

// Nothing that is in the folder keeps a process from starting, or from adding.
func TestDamage(t *testing.T) {
	for _, damage := range damages {
		t.Run(damage.name, func(t *testing.T) {
			dir := t.TempDir()
			h := open(t, dir)
			add(t, h, 1, 3)
			if err := errors.Join(h.SetState(State{Live: 2}), h.Close(), damage.do(t, dir)); err != nil {
				t.Fatal(err)
			}
			h = open(t, dir)
			if faults := errors.Join(h.Faults()...); damage.fault == "" && faults != nil ||
				damage.fault != "" && (faults == nil || !strings.Contains(faults.Error(), damage.fault)) {
				t.Errorf("got %v, want %q", faults, damage.fault)
			}
			if got := numbers(h); !reflect.DeepEqual(got, damage.want) || h.State().Live != damage.live {
				t.Errorf("got %v, %v, want %v and %d", got, h.State(), damage.want, damage.live)
			}
			if left, err := filepath.Glob(dir + "/" + partial + "*"); err != nil || left != nil {
				t.Errorf("half-written files are left: %v, %v", left, err)
			}
			highest := h.last
			add(t, h, 50, 80)
			if got := numbers(h)[0]; got != highest+31 {
				t.Errorf("the newest is %d, want %d", got, highest+31)
			}
			files, err := filepath.Glob(dir + "/*-*.json")
			if most := len(h.List()); err != nil || len(files) != most {
				t.Errorf("got %d files of %d entries, %v", len(files), most, err)
			}
		})
	}
}

// An entry whose file is damaged while the history is open is refused.
func TestEntryIsCheckedAgain(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	add(t, h, 1, 3)
	if err := flip(200)(t, dir); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Entry(2); err == nil || !strings.Contains(err.Error(), "is not whole") {
		t.Errorf("got %v", err)
	}
}

// TestKilled kills a process that adds one entry after the other. What it had been told to be kept is there, and whole.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("HISTORY_DIR"); dir != "" {
		addForEver(t, dir)
		return
	}
	dir := t.TempDir()
	for round := range 5 {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
		child.Env = append(os.Environ(), "HISTORY_DIR="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		told := ""
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if told == "" { // it is amid its work
				time.AfterFunc(time.Duration(7*round)*time.Millisecond, func() { _ = child.Process.Kill() })
			}
			told = lines.Text()
		}
		if err := child.Wait(); err == nil || told == "" {
			t.Fatalf("the process was not killed amid its work: %v, %s", err, told)
		}
		h := open(t, dir) // the dead process holds no lock
		if len(h.Faults()) > 0 {
			t.Error(h.Faults())
		}
		list := numbers(h)
		if i := slices.IndexFunc(list, func(n int) bool { return fmt.Sprint(n) == told }); i != 0 && i != 1 { // one more may not have been told
			t.Errorf("%s was told to be kept, got %v", told, list)
		}
		for _, n := range list {
			if _, err := h.Entry(n); err != nil {
				t.Error(err)
			}
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func addForEver(t *testing.T, dir string) {
	h := open(t, dir)
	for n := 1; ; n++ {
		e := version(n)
		e.Files = append(e.Files, File{Path: "large", Text: make([]byte, 200_000)})
		added, err := h.Add(e)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println(added.N)
	}
}

// What a version of 10,000 routes costs.
func BenchmarkAdd(b *testing.B) {
	h, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	text := []byte(strings.Repeat("- path: /open-banking/v3.1/aisp/accounts\n", 2<<20/41))
	for n := 0; b.Loop(); n++ {
		if _, err := h.Add(Entry{Version: fmt.Sprintf("%x", n), Files: []File{{Path: "routes.yaml", Text: text}}}); err != nil {
			b.Fatal(err)
		}
	}
}

// What a start costs whose history is full of such versions.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	h, err := Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	text := make([]byte, 2<<20)
	for n := range keep {
		if _, err := h.Add(Entry{Version: fmt.Sprintf("%x", n), Files: []File{{Path: "routes.yaml", Text: text}}}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if err := h.Close(); err != nil {
			b.Fatal(err)
		}
		if h, err = Open(dir); err != nil || len(h.List()) != keep {
			b.Fatal(err)
		}
	}
	if err := h.Close(); err != nil {
		b.Fatal(err)
	}
}
