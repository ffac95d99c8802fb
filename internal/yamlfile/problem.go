package yamlfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says whether a problem keeps a file from being used.
type Severity string

// An error refuses the file; a warning does not.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// maxPrinted bounds what an error prints; the list itself has every problem.
const maxPrinted = 50

// A Problem is one thing that is wrong with a file, and where.
type Problem struct {
	ID       string   `json:"id"` // as route.upstream: documented in docs/lint.md
	Severity Severity `json:"severity"`
	File     string   `json:"file"`
	Line     int      `json:"line,omitempty"` // 0 where it is not about a line
	Column   int      `json:"column,omitempty"`
	Where    string   `json:"where,omitempty"` // YAML path: routes[3].path
	What     string   `json:"what"`            // what is wrong and what was expected, for the person who fixes it
	Text     string   `json:"text,omitempty"`  // the line itself; left out where it may hold a secret
}

// Error says file, line, column, path, what is wrong, and its id; and beneath, the line with a mark under the place.
func (p *Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File + ":")
	}
	if p.Line > 0 {
		fmt.Fprintf(&b, "%d:%d:", p.Line, p.Column)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	fmt.Fprintf(&b, "%s: ", p.Severity)
	if p.Where != "" {
		b.WriteString(p.Where + ": ")
	}
	fmt.Fprintf(&b, "%s [%s]", p.What, p.ID)
	if p.Text != "" && p.Line > 0 {
		number := fmt.Sprintf("%5d", p.Line)
		fmt.Fprintf(&b, "\n%s | %s", number, strings.ReplaceAll(p.Text, "\t", " "))
		if p.Column <= len([]rune(p.Text)) {
			fmt.Fprintf(&b, "\n%*s | %*s", len(number), "", p.Column, "^")
		}
	}
	return b.String()
}

// Problems are all that is wrong with a file, in the order of its lines. As an error they refuse it.
type Problems []*Problem

// Error prints the problems, each with its line, and says how many more there are.
func (p Problems) Error() string {
	var lines []string
	for _, problem := range p[:min(len(p), maxPrinted)] {
		lines = append(lines, problem.Error())
	}
	if more := len(p) - maxPrinted; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// Sort puts the problems in the order of their lines.
func (p Problems) Sort() {
	slices.SortStableFunc(p, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
