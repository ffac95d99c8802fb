package yamlfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says whether a problem prevents the use of a file.
type Severity string

// An error refuses the file; a warning does not.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// maxPrinted limits the problems that an error prints; the list itself has all of them.
const maxPrinted = 50

// A Problem is one problem of a file, with its place.
type Problem struct {
	ID       string   `json:"id"` // as route.upstream: documented in docs/lint.md
	Severity Severity `json:"severity"`
	File     string   `json:"file"`
	Line     int      `json:"line,omitempty"` // 0 if it is not about a line
	Column   int      `json:"column,omitempty"`
	Where    string   `json:"where,omitempty"` // YAML path: routes[3].path
	Name     string   `json:"name,omitempty"`  // of the list item in Where: nobody counts to routes[40]
	What     string   `json:"what"`            // what is wrong and what was expected, for the person who fixes it
	Text     string   `json:"text,omitempty"`  // the line itself; omitted if it may contain a secret
}

// Error returns file, line, column, path, the problem and its id; below that, the line with a mark under the column.
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
		b.WriteString(p.named() + ": ")
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

// named returns the path with the item's name: routes[3] (accounts).path.
func (p *Problem) named() string {
	if item, rest, isItem := strings.Cut(p.Where, "]"); isItem && p.Name != "" {
		return item + "] (" + p.Name + ")" + rest
	}
	return p.Where
}

// Problems holds the problems of a file in the order of its lines. As an error they refuse it.
type Problems []*Problem

// Error returns the problems, each with its line, and how many more there are.
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

// Sort sorts the problems by line.
func (p Problems) Sort() {
	slices.SortStableFunc(p, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
