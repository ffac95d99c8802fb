package config

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

const ownProfile = "extends: obie-3.3\nname: ours\nclients: {duplicates: allow}\n"

// own is a folder whose routes are of a profile of its own.
func own(t *testing.T, profile string) string {
	t.Helper()
	dir := sample.Folder(t)
	text := strings.ReplaceAll("profiles: [ours.yaml]\n"+sample.Routes, "profile: obie-3.3", "profile: ours")
	sample.Write(t, filepath.Join(dir, "routes.yaml"), text)
	sample.Write(t, filepath.Join(dir, "ours.yaml"), profile)
	return filepath.Join(dir, "routes.yaml")
}

// A bank's own profile is a part of the version, with all that are shipped beside it.
func TestOwnProfile(t *testing.T) {
	path := own(t, ownProfile)
	version := read(t, path)
	if ours := version.Profiles["ours"]; ours == nil || ours.Clients.Duplicates != dcr.AllowDuplicates || version.Profiles["obie-3.3"].Clients.Duplicates != dcr.RejectDuplicates {
		t.Errorf("profiles %v", version.Profiles)
	}
	sample.Write(t, filepath.Join(filepath.Dir(path), "ours.yaml"), ownProfile+"# more\n")
	if again := read(t, path); again.ID() == version.ID() {
		t.Error("a change of the profile is no new version")
	}
	restored, err := Restore(filepath.Dir(path), version.Files)
	if err != nil || restored.Profiles["ours"] == nil {
		t.Errorf("restored with the profiles %v, %v", restored, err)
	}
}

// A wrong one is refused like a wrong routes.yaml, with its line.
func TestOwnProfileRefused(t *testing.T) {
	for _, c := range []struct{ name, profile, want string }{
		{"an unknown key", ownProfile + "colour: red\n", "key.unknown ours.yaml:4"},
		{"an unknown rule", ownProfile + "rules: [no]\n", "value.enum ours.yaml:4"},
		{"a rule that always runs", ownProfile + "rules: [scope]\n", "profile.invalid ours.yaml:4"},
		{"the name of another", "extends: obie-3.3\nname: obie-3.2\n", "profile.invalid routes.yaml:1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read(own(t, c.profile))
			problems, _ := errors.AsType[yamlfile.Problems](err)
			if len(problems) == 0 {
				t.Fatalf("refused with %v", err)
			}
			for _, problem := range problems {
				if have := problem.ID + " " + filepath.Base(problem.File) + ":" + itoa(problem.Line); have != c.want {
					t.Errorf("have %s, want %s: %v", have, c.want, problem)
				}
			}
		})
	}
}
