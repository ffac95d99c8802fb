package routes

import (
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/nearest"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// maxSearches bounds for how many unknown names the nearest known name is searched.
const maxSearches = 100

// A checker finds contradictions in a file whose form is valid.
type checker struct {
	*File
	form       *yamlfile.Check
	searched   map[string]string
	upstreams  []string // names, sorted; so the next two
	listeners  []string
	plans      []string
	fileExists map[string]bool
	kept       bool // files that the file names may be missing
}

// check records everything in the file that is well formed but invalid.
func (f *File) check(form *yamlfile.Check, kept bool) {
	c := &checker{
		File: f, form: form, kept: kept, searched: map[string]string{}, fileExists: map[string]bool{},
		upstreams: slices.Sorted(maps.Keys(f.Upstreams)), listeners: slices.Sorted(maps.Keys(f.Listeners)), plans: slices.Sorted(maps.Keys(f.Plans)),
	}
	c.checkAuthority()
	c.checkTokens()
	c.checkMetadata()
	c.checkListeners()
	c.checkUpstreams()
	c.checkPlans()
	c.checkEdge()
	c.checkRoutes()
}

// sound reports whether the reader found no problem with a value, with anything in it, or with what it is in.
func (c *checker) sound(where string) bool { return c.form.Sound(where) }

// add records a problem at a YAML path.
func (c *checker) add(id, where, what string, arguments ...any) {
	c.form.Add(id, where, what, arguments...)
}

// addUnknown records a name that no part of a section has, unless the section, or a name in it, is itself invalid.
func (c *checker) addUnknown(id, where, section, what, name string, names []string) {
	if !c.form.Complete(section) {
		return
	}
	if !c.Has(where) {
		c.add(id, where, "no %s has the name %q, which is the default; say which one it is", what, name)
		return
	}
	c.add(id, where, "no %s has the name %q%s", what, name, c.nearest(section+name, name, names))
}

// nearest ends a sentence about an unknown name with the nearest known one. It caches results by a key.
func (c *checker) nearest(key, name string, names []string) string {
	if _, searched := c.searched[key]; !searched && len(c.searched) < maxSearches {
		c.searched[key] = nearest.Ask(strconv.Quote(name), quoted(names))
	}
	return c.searched[key]
}

func quoted(names []string) []string {
	var all []string
	for _, name := range names {
		all = append(all, strconv.Quote(name))
	}
	return all
}

// atMost refuses a time that is longer than another.
func (c *checker) atMost(id, where string, is time.Duration, otherWhere string, other time.Duration) {
	if is > other && c.sound(otherWhere) {
		c.add(id, where, "must not be longer than %s, which is %s", otherWhere[strings.LastIndexByte(otherWhere, '.')+1:], yamlfile.WriteDuration(other))
	}
}

func (c *checker) checkAuthority() {
	c.url("issuer", c.Issuer)
	c.url("tokens.audience", c.Tokens.Audience)
	for i, name := range c.Directories {
		c.fileOrFolder(item("directories", i), name)
	}
	for i, name := range c.Profiles {
		c.fileOrFolder(item("profiles", i), name)
	}
	for i, name := range c.Tokens.Keys {
		c.file(item("tokens.keys", i), name)
	}
}

// url refuses what only looks like an https URL: "The authorization server's issuer identifier, which is a URL that uses
// the https scheme and has no query or fragment components" (RFC 8414, section 2).
func (c *checker) url(where, text string) *url.URL {
	u, err := url.Parse(text)
	if err == nil && u.Port() != "" {
		_, err = strconv.ParseUint(u.Port(), 10, 16)
	}
	if err != nil || u.Hostname() == "" {
		c.add("url.form", where, "must be an https URL: the address, the port or an escape in it is invalid")
		return nil
	}
	return u
}

// fileOrFolder refuses a missing folder, whose name ends in a slash, or a missing file.
func (c *checker) fileOrFolder(where, name string) {
	if c.kept || !strings.HasSuffix(name, "/") {
		c.file(where, name)
		return
	}
	if info, err := os.Stat(c.Abs(name)); err != nil || !info.IsDir() {
		c.add("file.missing", where, "must be the name of an existing folder, relative to the folder of this file")
	}
}

// file refuses the name of a missing file.
func (c *checker) file(where, name string) {
	if c.kept {
		return
	}
	there, known := c.fileExists[name]
	if !known {
		info, err := os.Stat(c.Abs(name))
		there = err == nil && info.Mode().IsRegular()
		c.fileExists[name] = there
	}
	if !there {
		c.add("file.missing", where, "must be the name of an existing file, relative to the folder of this one")
	}
}

func item(where string, index int) string { return where + "[" + strconv.Itoa(index) + "]" }
