package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

func TestReadIsOneVersionOfAllFiles(t *testing.T) {
	dir := sample.Folder(t)
	path := filepath.Join(dir, "routes.yaml")
	first := read(t, path)
	if again := read(t, path); again.ID() != first.ID() {
		t.Error("the same bytes have two versions")
	}
	if len(first.Directories) != 1 || len(first.ClientCAs) == 0 || len(first.Warnings) != 0 {
		t.Errorf("directories %v, %d bytes of CAs, warnings %v", first.Directories, len(first.ClientCAs), first.Warnings)
	}
	versions := map[string]string{first.ID(): "at first"}
	for name, text := range map[string]string{
		"routes.yaml": sample.Routes + "# more\n", "directory.yaml": sample.Directory + "# more\n", "ca.pem": slurp(t, filepath.Join(dir, "ca.pem")) + "\n",
	} {
		sample.Write(t, filepath.Join(dir, name), text)
		version := read(t, path).ID()
		if other := versions[version]; other != "" {
			t.Errorf("after a change of %s the version is the same as %s", name, other)
		}
		versions[version] = "after a change of " + name
	}
}

// Gates have their files in folders of their own, and routes.yaml under names of their own: equal files are one version.
func TestVersionIsTheSameWhereverItsFilesLie(t *testing.T) {
	nested := func(dir, root, directory string) *Version {
		must(t, os.MkdirAll(filepath.Join(dir, "sub"), 0o700))
		sample.Write(t, filepath.Join(dir, root), sample.With(t, "[directory.yaml]", "["+directory+"]"))
		sample.Write(t, filepath.Join(dir, directory), strings.Replace(sample.Directory, "ca.pem", "../ca.pem", 1))
		return read(t, filepath.Join(dir, root))
	}
	dir := sample.Folder(t)
	copied := filepath.Join(t.TempDir(), "a", "b")
	must(t, os.MkdirAll(filepath.Dir(copied), 0o700))
	must(t, os.CopyFS(copied, os.DirFS(dir)))
	first := nested(dir, "routes.yaml", "sub/d.yaml")
	if again := nested(copied, "routes-2.yaml", "sub/d.yaml"); again.ID() != first.ID() || len(first.ID()) != 64 {
		t.Errorf("equal files are the versions %s and %s", first.ID(), again.ID())
	}
	if other := nested(copied, "routes-2.yaml", "sub/e.yaml"); other.ID() == first.ID() {
		t.Error("a file of another name is the same version")
	}
	if restored, err := Restore(t.TempDir(), first.Files); err != nil || restored.ID() != first.ID() || restored.Included() != first.Included() {
		t.Errorf("restored %v, %v", restored, err)
	}
}

// The same bytes that are included at another place mean something else.
func TestVersionSaysWhichFileIsIncludedWhere(t *testing.T) {
	files := []File{{"routes.yaml", []byte("x")}, {"a", []byte("1")}, {"b", []byte("2")}}
	ids := map[string]int{}
	for i, list := range [][]File{
		files, {files[0], files[2], files[1]}, {files[0], {"b", []byte("1")}, {"a", []byte("2")}}, {files[0], {"a", []byte("1b")}, {"", []byte("2")}}, files[:2],
	} {
		if other, taken := ids[identify(list)]; taken {
			t.Errorf("%d is the version of %d", i, other)
		}
		ids[identify(list)] = i
	}
}

func TestVersionIsBounded(t *testing.T) {
	s := &source{read: func(string) ([]byte, error) { return make([]byte, maxFile), nil }}
	for i, want := range []bool{true, true, false} {
		if _, err := s.file(itoa(i)); (err == nil) != want {
			t.Errorf("file %d of 16 MiB each: %v", i, err)
		}
	}
}

func TestReadFindsEverything(t *testing.T) {
	cases := []struct {
		name, routes, directory string
		want                    []string // id, file and line of each problem
	}{
		{"an error and a warning", sample.With(t, "scopes: [payments]", "scopes: [paymnts]", "  gold: {", "  silver: {per_source: 1/s}\n  gold: {"), sample.Directory,
			[]string{"plan.unused routes.yaml:14", "scope.unknown routes.yaml:22"}},
		{"a directory, and what the linter knows without it", sample.With(t, "profile: obie-3.3, endpoint: registration}\n  - {name: client", "profile: obie-9, endpoint: registration}\n  - {name: client"),
			sample.Directory + "colour: red\nkey_hosts: 7\n", []string{"key.unknown directory.yaml:3", "value.type directory.yaml:4", "profile.unknown routes.yaml:16"}},
		{"a file that contradicts itself", sample.With(t, "upstream: bank, body_limit", "upstream: bnak, body_limit"), "", []string{"route.upstream routes.yaml:21"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := sample.Folder(t)
			sample.Write(t, filepath.Join(dir, "routes.yaml"), c.routes)
			if c.directory != "" {
				sample.Write(t, filepath.Join(dir, "directory.yaml"), c.directory)
			}
			_, err := Read(filepath.Join(dir, "routes.yaml"))
			problems, ok := errors.AsType[yamlfile.Problems](err)
			if !ok {
				t.Fatalf("refused with %v", err)
			}
			var have []string
			for _, p := range problems {
				have = append(have, p.ID+" "+filepath.Base(p.File)+":"+itoa(p.Line))
			}
			if strings.Join(have, ", ") != strings.Join(c.want, ", ") {
				t.Errorf("have %q\nwant %q\n%v", have, c.want, err)
			}
		})
	}
}

// What was in force can be in force again, also when the disk has lost what it was made of.
func TestRestoreNeedsNoDisk(t *testing.T) {
	dir := sample.Folder(t)
	version := read(t, filepath.Join(dir, "routes.yaml"))
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	restored, err := Restore(dir, version.Files)
	if err != nil {
		t.Fatal(err)
	}
	if restored.ID() != version.ID() || len(restored.File.Routes) != len(version.File.Routes) || string(restored.ClientCAs) != string(version.ClientCAs) {
		t.Error("what is restored is not what was kept")
	}
	if _, err := Restore(dir, version.Files[:1]); err == nil {
		t.Error("restored without its directory")
	}
	if _, err := Restore(dir, nil); err == nil {
		t.Error("restored of nothing")
	}
}

func TestReadRefusesWhatIsNotThere(t *testing.T) {
	if _, err := Read(filepath.Join(t.TempDir(), "routes.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("refused with %v", err)
	}
}

// Directories of one issuer differ in environment; each name is one directory's.
func TestReadTellsDirectoriesApart(t *testing.T) {
	const ca = "certificates: [{profile: obwac, ca: [ca.pem]}]\n"
	production, sandbox := "extends: openbanking-uk\n"+ca, "extends: openbanking-uk-sandbox\n"+ca
	cases := []struct {
		name  string
		files []string
		want  string // where there is a problem
	}{
		{"production and sandbox", []string{production, sandbox}, ""},
		{"sandbox and production", []string{sandbox, production}, ""},
		{"production, sandbox and a pilot", []string{production, sandbox, "name: pilot\nenvironment: pilot\n" + production}, ""},
		{"one name twice", []string{production, "name: openbanking-uk\n" + sandbox}, "directories[1]"},
		{"two without an environment", []string{production, "name: other\n" + production}, "directories[1]"},
		{"one environment twice", []string{sandbox, production, "name: other\nenvironment: SANDBOX\n" + production}, "directories[2]"},
		{"one environment twice, of two issuers", []string{sandbox, "name: other\nissuer: Another Ltd\n" + sandbox}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := sample.Folder(t)
			var names []string
			for i, text := range c.files {
				names = append(names, "directory"+itoa(i)+".yaml")
				sample.Write(t, filepath.Join(dir, names[i]), text)
			}
			sample.Write(t, filepath.Join(dir, "routes.yaml"), sample.With(t, "[directory.yaml]", "["+strings.Join(names, ", ")+"]"))
			version, err := Read(filepath.Join(dir, "routes.yaml"))
			problems, _ := errors.AsType[yamlfile.Problems](err)
			switch {
			case c.want == "" && (err != nil || len(version.Directories) != len(c.files)):
				t.Errorf("got %v", err)
			case c.want != "" && (len(problems) != 1 || problems[0].ID != "directory.invalid" || problems[0].Where != c.want):
				t.Errorf("got %v, want one at %s", err, c.want)
			}
		})
	}
}
