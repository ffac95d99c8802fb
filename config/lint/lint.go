// Package lint finds problems in a routes.yaml that can be read: names that only the directories know, invalid
// certificates, and what is allowed but hardly intended. docs/lint.md explains every rule. What a route file must hold by
// itself is checked by package routes.
package lint

import (
	"fmt"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// most is how many problems of one rule are listed. The last one says how many more there are.
const most = 20

// Known is what routes.yaml may name and other files define.
type Known struct {
	Scopes   map[string][]string     // scope to the roles that grant it, of all directories; the role "" grants it to everyone; nil if they cannot be read
	Profiles map[string]*dcr.Profile // registration profiles; nil if they cannot be read

	Directories []string // names of those in use; nil if they cannot be read
	CANames     int      // bytes of a TLS handshake that name the CAs of all directories
}

// Lint returns the problems of a file beyond those that routes.Parse reports, in the order of its lines. It ignores missing
// files. It reads the certificates that the file names, and takes time proportional to the file.
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
		l.timeout(i, &file.Routes[i])
	}
	l.authorizationServer()
	l.overlaps()
	l.publicRoutes()
	l.plans()
	l.listeners()
	l.upstreams()
	l.unused()
	l.certificates()
	return l.problems()
}

// linter checks one file.
type linter struct {
	*routes.File
	known Known
	roles []string // that are known
	now   time.Time
	found map[string]*kind // by rule
}

// kind is what was found for one rule.
type kind struct {
	severity yamlfile.Severity
	problems yamlfile.Problems
	more     int
}

// add records a problem at a YAML path of the file.
func (l *linter) add(rule, where, what string, arguments ...any) {
	k := l.found[rule]
	if len(k.problems) == most {
		k.more++
		return
	}
	k.problems = append(k.problems, l.Problem(k.severity, rule, where, what, arguments...))
}

// full reports whether a rule has as many problems as are listed.
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
