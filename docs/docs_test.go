// Package docs_test checks the pages in this folder against the code.
package docs_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/lint"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

const apiManager = "from-an-api-manager.md"

// Marks of examples.
const (
	wholeRoutes    = "file: routes.yaml"
	moreRoutes     = "adds to: routes.yaml"
	wholeDirectory = "file: directory.yaml"
	wholeProfile   = "file: profile.yaml"
)

// The gateway accepts every example, and the linter finds no error in it.
func TestExamples(t *testing.T) {
	p, folder := readPage(t, apiManager), newFolder(t)
	whole, uk := wholeFiles(t, p)
	counts := map[string]int{}
	for _, e := range p.examples {
		counts[marked(e)]++
		var err error
		switch marked(e) {
		case wholeRoutes:
			err = folder.check(t, e.text, uk)
		case moreRoutes:
			err = folder.check(t, add(t, whole, e.text), uk)
		case wholeDirectory:
			err = folder.check(t, whole, e.text)
		case wholeProfile:
			folder.write(t, "profile.yaml", []byte(e.text))
			err = folder.check(t, add(t, whole, "profiles: [profile.yaml]"), uk)
		default:
			t.Errorf("%s:%d: the example has no mark that says what it is", apiManager, e.line)
		}
		if err != nil {
			t.Errorf("%s:%d: %v", apiManager, e.line, err)
		}
	}
	if counts[wholeRoutes] != 1 || counts[moreRoutes] < 5 || counts[wholeDirectory] < 3 {
		t.Errorf("have %v: the test does not see the page's examples", counts)
	}
}

// wholeFiles are the page's routes.yaml and the first of its directory files.
func wholeFiles(t *testing.T, p *page) (whole, uk string) {
	t.Helper()
	for _, e := range p.examples {
		switch marked(e) {
		case wholeRoutes:
			whole = e.text
		case wholeDirectory:
			if uk == "" {
				uk = e.text
			}
		}
	}
	if whole == "" || uk == "" {
		t.Fatal("the page has no whole file")
	}
	return whole, uk
}

func marked(e example) string {
	match := mark.FindStringSubmatch(e.mark)
	if match == nil {
		return ""
	}
	return match[1]
}

// Every step links to an example, or says that there is nothing to do or no replacement.
func TestEveryStepHasAnAnswer(t *testing.T) {
	p := readPage(t, apiManager)
	if len(p.rows) < 50 {
		t.Fatalf("only %d steps found", len(p.rows))
	}
	for _, r := range p.rows {
		link := anchorLink.FindStringSubmatch(r.here)
		switch {
		case strings.HasPrefix(r.here, "Nothing to do: "), strings.HasPrefix(r.here, "Not there: "):
		case link == nil:
			t.Errorf("%s:%d: %s: what is there to do?", apiManager, r.line, r.there)
		case !p.sections[link[1]]:
			t.Errorf("%s:%d: %s: #%s has no example", apiManager, r.line, r.there, link[1])
		}
	}
}

// The page covers every step of the guides that administrators come from.
func TestNoStepIsForgotten(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "steps.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, r := range readPage(t, apiManager).rows {
		there = append(there, r.there)
	}
	for step := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n") {
		if !slices.ContainsFunc(there, func(cell string) bool { return strings.Contains(cell, step) }) {
			t.Errorf("the page does not cover: %s", step)
		}
	}
}

// check reads a routes.yaml with its directory as the gate does.
func (f folder) check(t *testing.T, routesText, directoryText string) error {
	t.Helper()
	f.write(t, "directory.yaml", []byte(directoryText))
	file, err := routes.Parse("routes.yaml", []byte(routesText), string(f))
	if err != nil {
		return err
	}
	known := lint.Known{Scopes: map[string][]string{}, Profiles: map[string]*dcr.Profile{}}
	for _, name := range profile.Names() {
		if known.Profiles[name], err = profile.Load(name); err != nil {
			return err
		}
	}
	for _, path := range file.Profiles {
		own, err := profile.LoadFile(file.Abs(path))
		if err != nil {
			return err
		}
		known.Profiles[own.Name] = own
	}
	for _, path := range file.Directories {
		loaded, err := directory.Load(file.Abs(path))
		if err != nil {
			return err
		}
		for scope, role := range loaded.Scopes {
			known.Scopes[scope] = append(known.Scopes[scope], role)
		}
	}
	for _, problem := range lint.Lint(file, known, time.Now()) {
		if problem.Severity == yamlfile.Error {
			return problem
		}
		t.Logf("warning: %v", problem)
	}
	return nil
}
