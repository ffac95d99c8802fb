// Package lint finds what is wrong with a routes.yaml that can be read: names that only the directories know, certificates
// that do not hold, and what is allowed but hardly meant. docs/lint.md explains every rule.
package lint

import (
	"fmt"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// most is how many problems of one rule are told. The last one says how many more there are.
const most = 20

// Known is what routes.yaml may name and only others know.
type Known struct {
	Scopes   map[string][]string     // scope to the roles that give it, of all directories; "" gives it to everybody; nil where they cannot be read
	Profiles map[string]*dcr.Profile // registration profiles; nil where they cannot be read

	Directories []string // names of those in use; nil where they cannot be read
}

// Lint says what is wrong with a file beyond what routes.Parse refuses, in the order of its lines. Files that are not
// there are not its matter. It reads the certificates that the file names, and takes time in proportion to the file.
func Lint(file *routes.File, known Known, now time.Time) yamlfile.Problems {
	l := &linter{File: file, known: known, roles: known.roles(), now: now, found: map[string]*kind{}}
	for _, rule := range Rules() {
		l.found[rule.ID] = &kind{severity: rule.Severity}
	}
	for i := range file.Routes {
		l.names(i, &file.Routes[i])
		l.registration(i, &file.Routes[i])
		l.users(i, &file.Routes[i])
		l.bodyLimit(i, &file.Routes[i])
	}
	l.overlaps()
	l.publicRoutes()
	l.plans()
	l.upstreams()
	l.unused()
	l.certificates()
	return l.problems()
}

// linter looks at one file.
type linter struct {
	*routes.File
	known Known
	roles []string // that are known
	now   time.Time
	found map[string]*kind // by rule
}

// kind is what was found under one rule.
type kind struct {
	severity yamlfile.Severity
	problems yamlfile.Problems
	more     int
}

// add notes a problem at a YAML path of the file.
func (l *linter) add(rule, where, what string, arguments ...any) {
	k := l.found[rule]
	if len(k.problems) == most {
		k.more++
		return
	}
	k.problems = append(k.problems, l.Problem(k.severity, rule, where, what, arguments...))
}

// full says whether a rule has reported as many problems as are listed.
func (l *linter) full(rule string) bool { return len(l.found[rule].problems) == most }

func (l *linter) problems() yamlfile.Problems {
	var all yamlfile.Problems
	for _, rule := range Rules() {
		k := l.found[rule.ID]
		if k.more > 0 {
			k.problems[most-1].What += fmt.Sprintf(" (and %d more like it)", k.more)
		}
		all = append(all, k.problems...)
	}
	all.Sort()
	return all
}

// at is the YAML path of a key of a route.
func at(index int, key string) string { return fmt.Sprintf("routes[%d].%s", index, key) }
