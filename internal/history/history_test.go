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

var at = time.Date(2026, 11, 21, 12, 0, 0, 5, time.UTC)

// version makes the n-th version.
func version(n int) Entry {
	return Entry{
		Version: fmt.Sprintf("%064x", n), Time: at.Add(time.Duration(n) * time.Second), Note: fmt.Sprint("note ", n),
		Paths: []string{"/etc/../../routes.yaml", "ca.pem", "directories/"},
		Files: []File{
			{"/etc/../../routes.yaml", fmt.Appendf(nil, "routes: %d\n", n)}, {"ca.pem", []byte{0, 0xff, '\n'}}, {"directories/", []byte{}},
		},
	}
}

func open(t *testing.T, dir string) *History {
	t.Helper()
	h, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() }) // also closed by some tests
	return h
}

func reopen(t *testing.T, h *History) *History {
	t.Helper()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, h.dir)
}

func add(t *testing.T, h *History, from, to int) {
	t.Helper()
	for n := from; n <= to; n++ {
		if _, err := h.Add(version(n)); err != nil {
			t.Fatal(err)
		}
	}
}

func live(t *testing.T, h *History, n int) {
	t.Helper()
	if err := h.SetState(State{Live: n}); err != nil {
		t.Fatal(err)
	}
}

// numbers lists the entries of a history, newest first.
func numbers(h *History) []int {
	var list []int
	entries, _ := h.List() // TestDamage looks at the error
	for _, entry := range entries {
		list = append(list, entry.N)
	}
	return list
}

func countdown(from, to int) []int {
	var list []int
	for n := from; n >= to; n-- {
		list = append(list, n)
	}
	return list
}

func TestAddKeepsEntries(t *testing.T) {
	h := open(t, filepath.Join(t.TempDir(), "state", "history"))
	if numbers(h) != nil || h.State() != (State{}) {
		t.Fatalf("a new history has %v, %v", numbers(h), h.State())
	}
	for _, step := range []struct{ version, want int }{{1, 1}, {1, 1}, {2, 2}, {1, 3}} { // also back to an older version
		if n, err := h.Add(version(step.version)); err != nil || n != step.want {
			t.Fatalf("version %d: got %d, %v, want %d", step.version, n, err, step.want)
		}
	}
	h = reopen(t, h)
	want := version(1)
	for _, n := range []int{3, 1} {
		want.N = n
		if got, err := h.Entry(n); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	if list, err := h.List(); err != nil || len(list) != 3 || !reflect.DeepEqual(list[2], want) {
		t.Errorf("got %+v, %v", list, err)
	}
	for _, n := range []int{-1, 0, 4} {
		if _, err := h.Entry(n); !errors.Is(err, ErrNotFound) {
			t.Errorf("entry %d: got %v", n, err)
		}
	}
}

// An operator finds the files as they were, and nobody else may look.
func TestTheFolderCanBeRead(t *testing.T) {
	h := open(t, filepath.Join(t.TempDir(), "history"))
	add(t, h, 171, 171)
	live(t, h, 1)
	text, err := os.ReadFile(h.path("000001-0000000000000000/01-routes.yaml"))
	if err != nil || string(text) != "routes: 171\n" {
		t.Errorf("got %q, %v", text, err)
	}
	for name, want := range map[string]os.FileMode{
		"": 0o700, "state.json": 0o600, "lock": 0o600, "000001-0000000000000000": 0o700, "000001-0000000000000000/note.json": 0o600,
		"000001-0000000000000000/02-ca.pem": 0o600, "000001-0000000000000000/03-directories": 0o600,
	} {
		if info, err := os.Stat(h.path(name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got %v, %v, want %v", name, info, err, want)
		}
	}
}

func TestOldEntriesMakeRoom(t *testing.T) {
	h := open(t, t.TempDir())
	add(t, h, 1, 3)
	live(t, h, 2)
	add(t, h, 4, 24)
	if got, want := numbers(h), append(countdown(24, 5), 2); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	live(t, h, 24)
	add(t, h, 25, 25)
	if got, want := numbers(reopen(t, h)), countdown(25, 6); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestState(t *testing.T) {
	h := open(t, t.TempDir())
	add(t, h, 1, 2)
	want := State{Live: 1, Aside: "00ff", Why: "Envoy: no such\ncluster"}
	if err := h.SetState(want); err != nil {
		t.Fatal(err)
	}
	if h = reopen(t, h); h.State() != want {
		t.Errorf("got %+v", h.State())
	}
}

func TestAddRefusesVersions(t *testing.T) {
	h := open(t, t.TempDir())
	for _, version := range []string{"", "../../etc", "ABCDEF", "0x1", strings.Repeat("a", 65), "a\n", "a/b"} {
		if _, err := h.Add(Entry{Version: version}); err == nil {
			t.Errorf("%q was kept", version)
		}
	}
	if numbers(h) != nil {
		t.Errorf("got %v", numbers(h))
	}
}

// An entry that did not come to the disk is in no list.
func TestAddFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "history")
	h := open(t, dir)
	add(t, h, 1, 1)
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Add(version(2)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if err := h.SetState(State{Live: 1}); !errors.Is(err, os.ErrNotExist) || h.State() != (State{}) {
		t.Errorf("got %v", err)
	}
	if err := os.Rename(dir+"-away", dir); err != nil {
		t.Fatal(err)
	}
	add(t, h, 3, 3)
	if got := numbers(h); !reflect.DeepEqual(got, []int{2, 1}) {
		t.Errorf("got %v", got)
	}
}

func TestFolderIsLocked(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir)
	if _, err := Open(dir); !errors.Is(err, ErrInUse) {
		t.Fatalf("got %v", err)
	}
	reopen(t, first)
	if _, err := Open(filepath.Join(dir, "lock")); err == nil {
		t.Error("a file was opened as a folder")
	}
}

func TestDamage(t *testing.T) {
	const second = "/000002-0000000000000000/"
	write := func(name, text string) func(string) error {
		return func(dir string) error { return os.WriteFile(dir+name, []byte(text), 0o600) }
	}
	for _, damage := range []struct {
		name  string
		do    func(dir string) error
		fault string // what List says
		left  []int
		state State
	}{
		{"nothing", func(string) error { return nil }, "", []int{3, 2, 1}, State{Live: 2, Aside: "ff"}},
		{"an empty note", write(second+noteName, ""), "unexpected end of JSON", []int{3, 1}, State{Live: 3}},
		{"another's note", write(second+noteName, `{"n": 1}`), "the note of another entry", []int{3, 1}, State{Live: 3}},
		{"a file less", func(dir string) error { return os.Remove(dir + second + "02-ca.pem") }, "no such file", []int{3, 1}, State{Live: 3}},
		{"an entry less", func(dir string) error { return os.RemoveAll(dir + second) }, "", []int{3, 1}, State{Live: 3}},
		{"what was being written", write("/"+partial+"000004-ff", "{"), "", []int{3, 2, 1}, State{Live: 2, Aside: "ff"}},
		{"a stranger's file", write("/routes.yaml", "{"), "", []int{3, 2, 1}, State{Live: 2, Aside: "ff"}},
		{"a cut state", write("/"+stateName, "{"), "", []int{3, 2, 1}, State{Live: 3}},
		{"no state", func(dir string) error { return os.Remove(dir + "/" + stateName) }, "", []int{3, 2, 1}, State{Live: 3}},
	} {
		t.Run(damage.name, func(t *testing.T) {
			dir := t.TempDir()
			h := open(t, dir)
			add(t, h, 1, 3)
			if err := errors.Join(h.SetState(State{Live: 2, Aside: "ff"}), damage.do(dir)); err != nil {
				t.Fatal(err)
			}
			h = reopen(t, h)
			if _, err := h.List(); (err == nil) != (damage.fault == "") || err != nil && !strings.Contains(err.Error(), damage.fault) {
				t.Errorf("got %v, want %q", err, damage.fault)
			}
			if got := numbers(h); !reflect.DeepEqual(got, damage.left) || h.State() != damage.state {
				t.Errorf("got %v, %v, want %v and %v", got, h.State(), damage.left, damage.state)
			}
			if left, err := filepath.Glob(dir + "/" + partial + "*"); err != nil || left != nil {
				t.Errorf("half-written files are left: %v, %v", left, err)
			}
			if n, err := h.Add(version(9)); err != nil || n != 4 {
				t.Errorf("the next is %d, %v", n, err)
			}
		})
	}
}

// The builds before kept one file of JSON per entry. They are ignored, and so is a version that such a build set aside.
func TestAnEarlierBuildsFolder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"000041-6cda2c61e119dff2.json": "{\"n\":41}\n[]\n{\"sha256\":\"00\"}\n", stateName: `{"live":41,"aside":"6cda2c61e119dff2","why":"rolled back"}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := open(t, dir)
	if list, err := h.List(); list != nil || err != nil || h.State() != (State{}) {
		t.Errorf("got %v, %v, %v", list, err, h.State())
	}
	add(t, h, 1, 1)
	live(t, h, 1)
	if h = reopen(t, h); h.State() != (State{Live: 1}) {
		t.Errorf("got %v", h.State())
	}
}

// TestKilled kills a process that adds one entry after the other. What it said was kept is there, and whole.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("HISTORY_DIR"); dir != "" {
		addForEver(t, dir)
		return
	}
	dir := t.TempDir()
	for round := range 3 {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
		child.Env = append(os.Environ(), "HISTORY_DIR="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		said := ""
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if said == "" { // it is amid its work
				time.AfterFunc(time.Duration(7*round)*time.Millisecond, func() { _ = child.Process.Kill() })
			}
			said = lines.Text()
		}
		if err := child.Wait(); err == nil || said == "" {
			t.Fatalf("the process was not killed amid its work: %v, %s", err, said)
		}
		h := open(t, dir) // the dead process holds no lock
		list, err := h.List()
		if err != nil {
			t.Error(err)
		}
		if i := slices.IndexFunc(list, func(e Entry) bool { return fmt.Sprint(e.N) == said }); i != 0 && i != 1 { // it may not have said one more
			t.Errorf("%s was kept, got %v", said, numbers(h))
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
		fmt.Println(added)
	}
}
