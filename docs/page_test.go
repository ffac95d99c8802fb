package docs_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// A page is a Markdown file, read as far as its tests look.
type page struct {
	examples []example
	rows     []row
	sections map[string]bool // anchors of the headings, and whether there is an example below
}

// An example is a fenced block of YAML, with the comment above it.
type example struct {
	line       int
	mark, text string
}

// A row is a line of a table that has a step there and what takes its place here.
type row struct {
	line        int
	there, here string
}

var (
	anchorLink = regexp.MustCompile(`\]\(#([^)]+)\)`)
	mark       = regexp.MustCompile(`^<!-- (.+) -->$`)
)

func readPage(t *testing.T, name string) *page {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p := &page{sections: map[string]bool{}}
	var section, last string
	steps := false
	lines := strings.Split(string(text), "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		switch {
		case strings.HasPrefix(line, "## "):
			section = anchor(line[3:])
			p.sections[section] = false
		case line == "```yaml":
			end := i + 1
			for end < len(lines) && lines[end] != "```" {
				end++
			}
			p.examples = append(p.examples, example{i + 2, last, strings.Join(lines[i+1:end], "\n") + "\n"})
			p.sections[section] = true
			i = end
		case strings.HasPrefix(line, "| "):
			cells := strings.Split(strings.Trim(line, "| "), " | ")
			if steps = steps || line == "| There | Here |"; steps && line != "| There | Here |" && len(cells) == 2 {
				p.rows = append(p.rows, row{i + 1, cells[0], cells[1]})
			}
		default:
			steps = steps && strings.HasPrefix(line, "|")
		}
		last = line
	}
	return p
}

// anchor is a heading as a link names it: in lower case, without punctuation, with hyphens for spaces.
func anchor(heading string) string {
	kept := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(heading))
	return strings.ReplaceAll(kept, " ", "-")
}
