package directory_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// memory reads files that are on no disk, and notes which.
type memory struct {
	files map[string][]byte
	read  []string
}

func (m *memory) open(path string) ([]byte, error) {
	m.read = append(m.read, path)
	text, ok := m.files[path]
	if !ok {
		return nil, fmt.Errorf("open %s: %w", path, fs.ErrNotExist)
	}
	return text, nil
}

// remembered is a directory whose files are in memory, one of them by an absolute name.
func remembered(t *testing.T) *memory {
	t.Helper()
	ca := authority(t, "ca", true)
	return &memory{files: map[string][]byte{
		"conf/mine.yaml": []byte(strings.Replace(extending, "[qtsp.pem]", "[/pki/../qtsp.pem, sub/more.pem]", 1)), "conf/server-ca.pem": ca,
		"conf/issuing.pem": ca, "conf/both.pem": ca, "/pki/../qtsp.pem": ca, "conf/sub/more.pem": ca,
	}}
}

func TestLoadFromReadsThroughTheFunction(t *testing.T) {
	m := remembered(t)
	loaded, err := directory.LoadFrom(m.open, "conf/mine.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Name != "mine" || len(loaded.Anchors) != 2 || loaded.Roots == nil {
		t.Errorf("got %+v", loaded)
	}
	want := slices.Sorted(maps.Keys(m.files))
	if got := slices.Sorted(slices.Values(m.read)); !slices.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
}

// All CA files that are wrong are reported at once, each with its line and with the error of reading it.
func TestLoadFromReportsEveryFile(t *testing.T) {
	m := remembered(t)
	delete(m.files, "conf/both.pem")
	m.files["conf/sub/more.pem"] = nil
	m.files["conf/server-ca.pem"] = make([]byte, 4<<20+1)
	_, err := directory.LoadFrom(m.open, "conf/mine.yaml")
	problems, _ := errors.AsType[yamlfile.Problems](err)
	var have []string
	for _, p := range problems {
		have = append(have, fmt.Sprintf("%s:%d:%d %s", p.File, p.Line, p.Column, p.Where))
	}
	want := []string{"conf/mine.yaml:9:10 tls_ca[0]", "conf/mine.yaml:11:44 certificates[0].ca[1]", "conf/mine.yaml:12:44 certificates[1].ca[1]"}
	if !slices.Equal(have, want) {
		t.Errorf("got %q, want %q: %v", have, want, err)
	}
}

// What cannot be decoded says where, too, and what cannot be read keeps its error.
func TestLoadFromRefusesTheFile(t *testing.T) {
	m := remembered(t)
	m.files["conf/torn.yaml"] = []byte("name: mine\nkey_hosts: [a")
	_, err := directory.LoadFrom(m.open, "conf/torn.yaml")
	if want := "conf/torn.yaml:2:12: error: sequence end token ']' not found [yaml.syntax]\n    2 | key_hosts: [a\n      |            ^"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := directory.LoadFrom(m.open, "conf/none.yaml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestFaultsAreBounded(t *testing.T) {
	m := remembered(t)
	m.files["conf/mine.yaml"] = []byte("extends: openbanking-uk\nkey_hosts:\n" + strings.Repeat("- '*'\n", 1000))
	_, err := directory.LoadFrom(m.open, "conf/mine.yaml")
	if err == nil || strings.Count(err.Error(), "[directory.invalid]") != 50 || !strings.Contains(err.Error(), "12:3: error: key_hosts[9]: must be") || !strings.HasSuffix(err.Error(), "\nand 952 more") {
		t.Errorf("got %v", err)
	}
}

// What two loads give shares nothing: whatever happens to one of them, the other stays as it is.
func TestLoadsShareNothing(t *testing.T) {
	m := remembered(t)
	first, err := directory.LoadFrom(m.open, "conf/mine.yaml")
	if err != nil {
		t.Fatal(err)
	}
	first.Scopes["accounts"], first.KeyHosts[0], first.Algorithms[0], first.CABundle[0] = "x", "x", "x", 'x'
	second, err := directory.LoadFrom(m.open, "conf/mine.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if second.Scopes["accounts"] != "AISP" || second.KeyHosts[0] == "x" || second.Algorithms[0] != "PS256" || second.CABundle[0] == 'x' {
		t.Errorf("got %+v", second)
	}
}

// A directory that is loaded again and again leaves nothing behind.
func TestLoadLeaksNothing(t *testing.T) {
	m := remembered(t)
	load := func(times int) uint64 {
		for range times {
			m.read = m.read[:0]
			if _, err := directory.LoadFrom(m.open, "conf/mine.yaml"); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		runtime.GC() // what is shared weakly goes in the second one
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before, goroutines := load(20), runtime.NumGoroutine()
	if after := load(200); after > before+64<<10 || runtime.NumGoroutine() > goroutines {
		t.Errorf("the heap grew from %d to %d bytes, goroutines from %d to %d", before, after, goroutines, runtime.NumGoroutine())
	}
}

func BenchmarkLoad(b *testing.B) {
	folder := b.TempDir()
	path := filepath.Join(folder, "mine.yaml")
	text := "extends: openbanking-uk\ncertificates: [{profile: obwac, ca: [ca.pem]}]\n"
	if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.WriteFile(filepath.Join(folder, "ca.pem"), authority(b, "ca", true), 0o600)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := directory.Load(path); err != nil {
			b.Fatal(err)
		}
	}
}
