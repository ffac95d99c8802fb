// Package config is one version of the gateway's configuration: routes.yaml and all that it includes, read strictly,
// checked, and named by its content. Use it to read, compare or restore a version. Which version is active is decided by
// package control in a gate, and per request in a registry. The package depends on neither Envoy nor Redis.
package config

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/lint"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// A Version is routes.yaml with everything that it includes, free of errors. It is immutable.
type Version struct {
	File        *routes.File
	Directories []*directory.Directory
	Profiles    map[string]*dcr.Profile // by name: the shipped ones and the file's own
	ClientCAs   []byte                  // PEM bundle of the CAs that issue client certificates, of all directories together
	Warnings    yamlfile.Problems       // what is allowed but deserves attention
	Files       []File                  // what it was read from, routes.yaml first; they hold no secrets

	id     string
	dir    string // absolute folder of routes.yaml
	folder string // the same, as the caller named it
}

// ID returns the SHA-256 of the version's files, as 64 hex digits. Gate, registry and Envoy identify a version by it.
func (v *Version) ID() string { return v.id }

// Short returns the form of an ID that people read.
func Short(id string) string { return id[:min(len(id), 16)] }

// Directory returns the directory with the name, or nil.
func (v *Version) Directory(name string) *directory.Directory {
	for _, d := range v.Directories {
		if d.Name == name {
			return d
		}
	}
	return nil
}

// Included identifies all that routes.yaml includes, without routes.yaml itself.
func (v *Version) Included() string { return identify(append([]File{{}}, v.Files[1:]...)) }

// Read reads routes.yaml and all that it includes from disk. If a file is invalid the error is yamlfile.Problems, with all
// problems and warnings.
func Read(path string) (*Version, error) {
	v, err := Look(path)
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Look is Read for callers who need to know what is on disk even if it is invalid: the Version then has an ID and Files, and
// a File if at least the names in it could be read.
func Look(path string) (*Version, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return &Version{}, err
	}
	v := &Version{dir: filepath.Dir(absolute), folder: filepath.Dir(path)}
	disk := &source{read: func(name string) ([]byte, error) { return readFile(v.abs(name)) }}
	err = v.read(disk, path, filepath.Base(path))
	v.Files, v.id = disk.files, identify(disk.files)
	if v.File != nil {
		v.File.Version = v.id
	}
	return v, err
}

// abs returns the absolute path of a file of the version. A directory keeps its slash.
func (v *Version) abs(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return v.dir + string(filepath.Separator) + name
}

// Paths returns the absolute paths of the version's files.
func (v *Version) Paths() []string {
	var paths []string
	for _, file := range v.Files {
		paths = append(paths, v.abs(file.Path))
	}
	return paths
}

// Unchanged reports whether the disk holds exactly the version's files.
func (v *Version) Unchanged() bool {
	for _, file := range v.Files {
		if text, err := readFile(v.abs(file.Path)); err != nil || !bytes.Equal(text, file.Text) {
			return false
		}
	}
	return true
}

// read reads everything from disk. asked is the name that problems use for routes.yaml.
func (v *Version) read(disk *source, asked, root string) error {
	text, err := disk.file(root)
	if err != nil {
		return err
	}
	file, found, err := parse(asked, text, v.dir)
	if err != nil {
		return err
	}
	v.File = file
	var known lint.Known
	wrong := v.readProfiles(disk, found)
	if len(wrong) == 0 {
		known.Profiles = v.Profiles
	}
	found = append(found, slices.Concat(wrong, v.readDirectories(disk, found))...)
	if len(found) == 0 {
		known.Scopes, known.Directories, known.CANames = v.scopes(), v.names(), namesOf(v.ClientCAs)
	}
	v.Warnings = lint.Lint(file, known, time.Now())
	if all := append(found, v.Warnings...); slices.ContainsFunc(all, isError) {
		all.Sort()
		return all
	}
	return nil
}

// parse reads routes.yaml, even if files that it names are missing.
func parse(name string, text []byte, dir string) (*routes.File, yamlfile.Problems, error) {
	file, err := routes.Parse(name, text, dir)
	if err == nil {
		return file, nil, nil
	}
	found, _ := errors.AsType[yamlfile.Problems](err)
	if file, kept := routes.ParseKept(name, text, dir); kept == nil {
		return file, found, nil
	}
	return nil, nil, err
}

func isError(p *yamlfile.Problem) bool { return p.Severity == yamlfile.Error }

// Restore makes a version from files that were read earlier, whatever is on disk now. Names of secrets, which are not part
// of a version, are relative to dir. routes.yaml must be the first file; the order of the others does not matter, and files
// that the version does not include are ignored.
func Restore(dir string, files []File) (*Version, error) {
	if len(files) == 0 {
		return nil, errors.New("the kept version holds no files")
	}
	kept := &source{read: func(name string) ([]byte, error) {
		i := slices.IndexFunc(files, func(f File) bool { return f.Path == name })
		if i < 0 {
			return nil, fmt.Errorf("%s is not part of the kept version", name)
		}
		return files[i].Text, nil
	}}
	root := files[0].Path
	text, err := kept.file(root)
	if err != nil {
		return nil, err
	}
	file, err := routes.ParseKept(root, text, dir)
	if err != nil {
		return nil, err
	}
	v := &Version{File: file, dir: dir, folder: dir}
	// In reading order, because the version depends on it.
	if found := slices.Concat(v.readProfiles(kept, nil), v.readDirectories(kept, nil)); len(found) > 0 {
		return nil, found
	}
	v.Files, v.id = kept.files, identify(kept.files)
	file.Version = v.id
	return v, nil
}

// readDirectories reads all directories, and returns the problems that the reader of routes.yaml has not reported.
func (v *Version) readDirectories(from *source, said yamlfile.Problems) yamlfile.Problems {
	var found yamlfile.Problems
	type identity struct{ issuer, environment string }
	names, identities := map[string]bool{}, map[identity]bool{}
	for _, file := range from.expand("directories", v.File.Directories) {
		where := file.where
		d, err := directory.LoadFrom(from.file, file.path)
		if err != nil {
			if !slices.ContainsFunc(said, func(p *yamlfile.Problem) bool { return p.Where == where }) {
				found = append(found, v.faults("directory.invalid", where, err)...)
			}
			continue
		}
		is := identity{d.Issuer, strings.ToLower(d.Environment)}
		if names[d.Name] || identities[is] {
			found = append(found, v.File.Problem(yamlfile.Error, "directory.invalid", where,
				"an earlier directory has the same name, or the same issuer and environment: directories of one issuer need distinct environments, and one of them may have none"))
			continue
		}
		names[d.Name], identities[is] = true, true
		v.Directories = append(v.Directories, d)
		v.ClientCAs = append(v.ClientCAs, d.CABundle...)
	}
	v.File.ClientCAs = fmt.Sprintf("%.8x", sha256.Sum256(v.ClientCAs))
	if len(v.Directories)+len(found)+len(said) == 0 {
		found = append(found, v.File.Problem(yamlfile.Error, "directory.invalid", "directories", "no directory is in use: the folders named here hold no .yaml file"))
	}
	return found
}

// faults returns the problems of a directory or a profile, each with the line of its own file.
func (v *Version) faults(id, where string, err error) yamlfile.Problems {
	found, ok := errors.AsType[yamlfile.Problems](err)
	if !ok {
		return yamlfile.Problems{v.File.Problem(yamlfile.Error, id, where, "%v", err)}
	}
	for _, problem := range found {
		problem.File = v.shown(problem.File)
	}
	return found
}

// namesOf returns how many bytes of a TLS handshake name the CAs of a PEM bundle: each subject once, with its length.
func namesOf(bundle []byte) (size int) {
	all, _ := pemfile.Certificates(bundle) // of directories that were read
	seen := map[string]bool{}
	for _, ca := range all {
		if !seen[string(ca.RawSubject)] {
			seen[string(ca.RawSubject)] = true
			size += len(ca.RawSubject) + 2
		}
	}
	return size
}

// names returns the names of all directories.
func (v *Version) names() []string {
	var names []string
	for _, d := range v.Directories {
		names = append(names, d.Name)
	}
	return names
}

// shown returns a file's name relative to the path that the caller gave for routes.yaml.
func (v *Version) shown(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(v.folder, path)
}

// scopes returns the scopes of all directories, each with the roles that grant it.
func (v *Version) scopes() map[string][]string {
	scopes := map[string][]string{}
	for _, d := range v.Directories {
		for scope := range d.Scopes {
			roles, _ := d.Roles(scope)
			if len(roles) == 0 {
				roles = []string{""}
			}
			scopes[scope] = append(scopes[scope], roles...)
		}
	}
	return scopes
}
