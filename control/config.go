// Package control keeps the parts of the gateway in step with routes.yaml: it reads the file and all that it includes as
// one version, puts a good version in force, keeps the last good one when a file is refused, and says which is which.
package control

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
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
	"github.com/dcr-gateway/dcr-gateway/internal/history"
	"github.com/dcr-gateway/dcr-gateway/internal/strictyaml"
)

// A Config is one version of routes.yaml with everything it includes, and free of errors.
type Config struct {
	File        *routes.File
	Directories []*directory.Directory
	Profiles    map[string]*dcr.Profile // by name: those that are shipped, and the file's own
	ClientCAs   []byte                  // PEM bundle of the CAs that issue client certificates, of all directories together
	Warnings    routes.Problems         // what is allowed and should be looked at

	folder string         // of routes.yaml, as it was asked for
	files  []history.File // routes.yaml first, then what it includes, in the order it was read
}

// Version is the content hash by which gate, registry and Envoy name this configuration.
func (c *Config) Version() string { return c.File.Version }

// Read reads routes.yaml and the directories and CA files it names. Where a file is at fault the error is
// routes.Problems, with every one of them, and the warnings too.
func Read(path string) (*Config, error) {
	disk := &recorder{read: readFile}
	config, err := disk.config(path)
	if err != nil {
		return nil, err
	}
	return config, nil
}

// config reads everything from the disk. Beside an error there is a Config where it is known at least which files it
// names.
func (r *recorder) config(path string) (*Config, error) {
	name := path
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	text, err := r.file(path)
	if err != nil {
		return nil, err
	}
	file, found, err := parse(name, text, filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	c := &Config{File: file, folder: filepath.Dir(name)}
	var known lint.Known
	wrong := c.readProfiles(r, found)
	if len(wrong) == 0 {
		known.Profiles = c.Profiles
	}
	found = append(found, slices.Concat(wrong, c.readDirectories(r, found))...)
	if len(found) == 0 {
		known.Scopes, known.Directories = c.scopes(), c.names()
	}
	c.Warnings = lint.Lint(file, known, time.Now())
	c.files, file.Version = r.files, version(r.files)
	if all := append(found, c.Warnings...); slices.ContainsFunc(all, isError) {
		all.Sort()
		return c, all
	}
	return c, nil
}

// parse reads routes.yaml, also one that is well but for files that are not there (yet).
func parse(name string, text []byte, dir string) (*routes.File, routes.Problems, error) {
	file, err := routes.Parse(name, text, dir)
	if err == nil {
		return file, nil, nil
	}
	found, _ := errors.AsType[routes.Problems](err)
	if file, kept := routes.ParseKept(name, text, dir); kept == nil {
		return file, found, nil
	}
	return nil, nil, err
}

func isError(p *routes.Problem) bool { return p.Severity == routes.Error }

// restore makes a configuration of files that were read before, whatever is on the disk by now.
func restore(files []history.File) (*Config, error) {
	if len(files) == 0 {
		return nil, errors.New("the kept version holds no files")
	}
	kept := &recorder{read: func(path string) ([]byte, error) {
		i := slices.IndexFunc(files, func(f history.File) bool { return f.Path == path })
		if i < 0 {
			return nil, fmt.Errorf("%s is not part of the kept version", path)
		}
		return files[i].Text, nil
	}}
	path := files[0].Path
	text, err := kept.file(path)
	if err != nil {
		return nil, err
	}
	file, err := routes.ParseKept(path, text, filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	c := &Config{File: file}
	// In the order in which the disk was read: the version is that of the files one after the other.
	if found := slices.Concat(c.readProfiles(kept, nil), c.readDirectories(kept, nil)); len(found) > 0 {
		return nil, found
	}
	c.files, file.Version = kept.files, version(kept.files)
	return c, nil
}

// readDirectories reads all of them, and returns what is wrong with each and was not said already.
func (c *Config) readDirectories(r *recorder, said routes.Problems) routes.Problems {
	var found routes.Problems
	type identity struct{ issuer, environment string }
	names, identities := map[string]bool{}, map[identity]bool{}
	for _, file := range c.expand(r, "directories", c.File.Directories) {
		where := file.where
		d, err := directory.LoadFrom(r.file, file.path)
		if err != nil {
			if !slices.ContainsFunc(said, func(p *routes.Problem) bool { return p.Where == where }) {
				found = append(found, c.faults("directory.invalid", where, err)...)
			}
			continue
		}
		is := identity{d.Issuer, strings.ToLower(d.Environment)}
		if names[d.Name] || identities[is] {
			found = append(found, c.File.Problem(routes.Error, "directory.invalid", where,
				"an earlier directory has its name, or its issuer and environment: of several of one issuer each needs its own environment, and one may have none"))
			continue
		}
		names[d.Name], identities[is] = true, true
		c.Directories = append(c.Directories, d)
		c.ClientCAs = append(c.ClientCAs, d.CABundle...)
	}
	if len(c.Directories)+len(found)+len(said) == 0 {
		found = append(found, c.File.Problem(routes.Error, "directory.invalid", "directories", "no directory is in use: the folders that are named hold no .yaml file"))
	}
	return found
}

// faults are what is wrong with a directory or a profile, each with the line of its own file.
func (c *Config) faults(id, where string, err error) routes.Problems {
	refused, ok := errors.AsType[*strictyaml.Invalid](err)
	if !ok {
		return routes.Problems{c.File.Problem(routes.Error, id, where, "%v", err)}
	}
	var found routes.Problems
	for _, fault := range refused.Faults {
		found = append(found, &routes.Problem{
			ID: id, Severity: routes.Error, File: c.shown(refused.Path),
			Line: fault.Line, Column: fault.Column, Where: fault.Where, What: fault.What, Text: fault.Text,
		})
	}
	return found
}

// names are those of all directories.
func (c *Config) names() []string {
	var names []string
	for _, d := range c.Directories {
		names = append(names, d.Name)
	}
	return names
}

// shown is a file's name beside the name that routes.yaml was asked for by.
func (c *Config) shown(path string) string {
	relative, err := filepath.Rel(c.File.Dir, path)
	if err != nil || !filepath.IsLocal(relative) {
		return path
	}
	return filepath.Join(c.folder, relative)
}

// scopes are those of all directories, each with the roles that give it.
func (c *Config) scopes() map[string][]string {
	scopes := map[string][]string{}
	for _, d := range c.Directories {
		for scope, role := range d.Scopes {
			scopes[scope] = append(scopes[scope], role)
		}
	}
	return scopes
}

// version is the first 16 hex digits of the SHA-256 of the files' bytes, each after its length.
func version(files []history.File) string {
	hash := sha256.New()
	for _, file := range files {
		hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(file.Text))))
		hash.Write(file.Text)
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}
