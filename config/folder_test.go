package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

// withFolder has its directories and profiles in folders.
func withFolder(t *testing.T) string {
	t.Helper()
	dir := sample.Folder(t)
	for _, folder := range []string{"directories", "profiles"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	text := strings.Replace(sample.Routes, "directories: [directory.yaml]", "directories: [directories/]\nprofiles: [profiles/]", 1)
	sample.Write(t, filepath.Join(dir, "routes.yaml"), text)
	return dir
}

func directoryFile(name, issuer string) string {
	return "extends: openbanking-uk\nname: " + name + "\nissuer: " + issuer + "\ncertificates: [{profile: obwac, ca: [../ca.pem]}]\n"
}

// What is put into a folder is in the next version, and only what is meant to be.
func TestFolders(t *testing.T) {
	dir := withFolder(t)
	in := func(name, text string) { sample.Write(t, filepath.Join(dir, name), text) }
	in("directories/b.yaml", directoryFile("b", "B Ltd"))
	in("directories/notes.txt", "not a directory")
	in("directories/.a.yaml.swp", "not a directory")
	in("directories/.hidden.yaml", "not a directory")
	in("directories/a.yaml~", "not a directory")
	if err := os.Mkdir(filepath.Join(dir, "directories", "folder.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	first := read(t, filepath.Join(dir, "routes.yaml"))
	if names := first.names(); !slices.Equal(names, []string{"b"}) {
		t.Fatalf("directories are %q", names)
	}
	in("directories/a.yaml", directoryFile("a", "A Ltd"))
	in("profiles/ours.yaml", ownProfile)
	second := read(t, filepath.Join(dir, "routes.yaml"))
	if names := second.names(); !slices.Equal(names, []string{"a", "b"}) || second.Profiles["ours"] == nil || second.ID() == first.ID() {
		t.Errorf("directories are %q, profiles %v", names, second.Profiles)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for _, version := range []*Version{first, second} {
		restored, err := Restore(dir, version.Files)
		if err != nil || !slices.Equal(restored.names(), version.names()) || restored.ID() != version.ID() {
			t.Errorf("restored %v, %v", restored, err)
		}
	}
}

func TestFoldersRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		write func(dir string)
		want  string
	}{
		{"an empty folder", func(string) {}, "directory.invalid routes.yaml:3"},
		{"a broken file", func(dir string) {
			sample.Write(t, filepath.Join(dir, "directories", "a.yaml"), directoryFile("a", "A Ltd")+"colour: red\n")
		}, "key.unknown a.yaml:5"},
		{"two of one issuer", func(dir string) {
			sample.Write(t, filepath.Join(dir, "directories", "a.yaml"), directoryFile("a", "A Ltd"))
			sample.Write(t, filepath.Join(dir, "directories", "b.yaml"), directoryFile("b", "A Ltd"))
		}, "directory.invalid routes.yaml:3"},
		{"no folder", func(dir string) {
			if err := os.Remove(filepath.Join(dir, "directories")); err != nil {
				t.Fatal(err)
			}
		}, "file.missing routes.yaml:3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := withFolder(t)
			c.write(dir)
			_, err := Read(filepath.Join(dir, "routes.yaml"))
			problems, _ := errors.AsType[yamlfile.Problems](err)
			if len(problems) != 1 {
				t.Fatalf("refused with %v", err)
			}
			if have := problems[0].ID + " " + filepath.Base(problems[0].File) + ":" + itoa(problems[0].Line); have != c.want {
				t.Errorf("have %s, want %s: %v", have, c.want, err)
			}
		})
	}
}
