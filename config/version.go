// Package config is one version of the gateway's configuration: routes.yaml and all that it includes, read strictly,
// checked, and named by its content. Use it to read, compare or restore a version; which version a part runs on is for
// control and for the registry to say. The package knows nothing of Envoy or Redis.
package config

import (
	"bytes"
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
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// A Version is routes.yaml with everything that it includes, free of errors. It never changes.
type Version struct {
	File        *routes.File
	Directories []*directory.Directory
	Profiles    map[string]*dcr.Profile // by name: those that are shipped, and the file's own
	ClientCAs   []byte                  // PEM bundle of the CAs that issue client certificates, of all directories together
	Warnings    yamlfile.Problems       // what is allowed and should be looked at
	Files       []File                  // what it was made of, routes.yaml first; there is no secret in them

	id     string
	dir    string // absolute folder of routes.yaml
	folder string // the same as it was asked for
}

// ID names the version: the SHA-256 of its files, as 64 hex digits. Gate, registry and Envoy name it by this.
func (v *Version) ID() string { return v.id }

// Short is an ID as people read it.
func Short(id string) string { return id[:min(len(id), 16)] }

// Directory returns the directory of a name, or nil.
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

// Read reads routes.yaml and all that it includes from the disk. Where a file is at fault the error is yamlfile.Problems,
// with every one of them, and the warnings too.
func Read(path string) (*Version, error) {
	v, err := Look(path)
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Look is Read for who wants to know what the disk holds also where that is at fault: the Version has an ID and Files
// then, and a File where it is known at least which files it names.
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

// abs is where on the disk a file of the version is. A folder keeps its slash.
func (v *Version) abs(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return v.dir + string(filepath.Separator) + name
}

// Paths are the absolute paths of the version's files.
func (v *Version) Paths() []string {
	var paths []string
	for _, file := range v.Files {
		paths = append(paths, v.abs(file.Path))
	}
	return paths
}

// Unchanged says that the disk holds exactly the version's files.
func (v *Version) Unchanged() bool {
	for _, file := range v.Files {
		if text, err := readFile(v.abs(file.Path)); err != nil || !bytes.Equal(text, file.Text) {
			return false
		}
	}
	return true
}

// read reads everything from the disk. asked is the name of routes.yaml as problems say it.
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
		known.Scopes, known.Directories = v.scopes(), v.names()
	}
	v.Warnings = lint.Lint(file, known, time.Now())
	if all := append(found, v.Warnings...); slices.ContainsFunc(all, isError) {
		all.Sort()
		return all
	}
	return nil
}

// parse reads routes.yaml, also one that is well but for files that are not there (yet).
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

// Restore makes a version of files that were read before, whatever is on the disk by now. Names of secrets, which are no
// part of a version, are relative to dir. Files may be in any order but for the first, routes.yaml; those that the version
// does not include are passed over.
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
	// In the order in which the disk was read: the version is that of the files one after the other.
	if found := slices.Concat(v.readProfiles(kept, nil), v.readDirectories(kept, nil)); len(found) > 0 {
		return nil, found
	}
	v.Files, v.id = kept.files, identify(kept.files)
	file.Version = v.id
	return v, nil
}

// readDirectories reads all of them, and returns what is wrong with each and was not said already.
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
				"an earlier directory has its name, or its issuer and environment: of several of one issuer each needs its own environment, and one may have none"))
			continue
		}
		names[d.Name], identities[is] = true, true
		v.Directories = append(v.Directories, d)
		v.ClientCAs = append(v.ClientCAs, d.CABundle...)
	}
	if len(v.Directories)+len(found)+len(said) == 0 {
		found = append(found, v.File.Problem(yamlfile.Error, "directory.invalid", "directories", "no directory is in use: the folders that are named hold no .yaml file"))
	}
	return found
}

// faults are what is wrong with a directory or a profile, each with the line of its own file.
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

// names are those of all directories.
func (v *Version) names() []string {
	var names []string
	for _, d := range v.Directories {
		names = append(names, d.Name)
	}
	return names
}

// shown is a file's name beside the name that routes.yaml was asked for by.
func (v *Version) shown(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(v.folder, path)
}

// scopes are those of all directories, each with the roles that give it.
func (v *Version) scopes() map[string][]string {
	scopes := map[string][]string{}
	for _, d := range v.Directories {
		for scope, role := range d.Scopes {
			scopes[scope] = append(scopes[scope], role)
		}
	}
	return scopes
}
