package yamlfile

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxText limits the line that a problem shows, in characters.
const maxText = 160

// A Source keeps a file's text for problems that are found after the file was read. A nil Source belongs to a value
// that was made in code, and has no places.
type Source struct {
	name  string // its name in problems
	text  []byte
	lines []int // where each line begins
	root  spot
}

func newSource(name string, text []byte) *Source {
	s := &Source{name: name, text: text, lines: []int{0}}
	for at := 0; ; {
		end := bytes.IndexByte(text[at:], '\n')
		if end < 0 {
			return s
		}
		at += end + 1
		s.lines = append(s.lines, at)
	}
}

// Has reports whether the text has a value at a YAML path, such as routes[3].path.
func (s *Source) Has(where string) bool {
	if s == nil {
		return false
	}
	_, exact := s.root.find(where)
	return exact
}

// Problem returns a problem at a YAML path of the file, or at the nearest part of that path that the file has.
func (s *Source) Problem(severity Severity, id, where, what string, arguments ...any) *Problem {
	problem := &Problem{ID: id, Severity: severity, Where: where, What: fmt.Sprintf(what, arguments...)}
	if s != nil {
		s.place(problem)
		s.show(Problems{problem})
	}
	return problem
}

// place sets file and line of a problem from its path.
func (s *Source) place(p *Problem) {
	at, _ := s.root.find(p.Where)
	s.locate(p, int(at.line), int(at.column))
}

// locate sets file and line of a problem.
func (s *Source) locate(p *Problem, line, column int) {
	p.File = s.name
	if line > 0 && line <= len(s.lines) {
		p.Line, p.Column = line, max(column, 1)
	}
}

// show sets the lines' texts of the problems. It reads a line once for all consecutive problems on it.
func (s *Source) show(sorted Problems) {
	last := new(Problem)
	for _, problem := range sorted {
		if last.Line == problem.Line {
			problem.Text = last.Text
		} else if problem.Line > 0 {
			problem.Text = s.line(problem.Line)
		}
		problem.Name = s.nameOf(problem.Where)
		if strings.Contains(problem.Text, "${") && problem.Severity == Error {
			problem.What += "; variables are not replaced"
		}
		last = problem
	}
}

// line returns the text of a line, or nothing if it may contain a secret.
func (s *Source) line(number int) string {
	text := s.text[s.lines[number-1]:]
	text = text[:min(len(text), maxText*utf8.UTFMax+64)] // a little more than is shown: a secret may begin there
	if end := bytes.IndexByte(text, '\n'); end >= 0 {
		text = text[:end]
	}
	if mayHoldSecret(text) {
		return ""
	}
	return cut(strings.TrimRight(string(text), "\r"))
}

// cut shortens a line and replaces control characters, which could move a terminal's cursor.
func cut(line string) string {
	line = strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		} else if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return '?'
		}
		return r
	}, line)
	if runes := []rune(line); len(runes) > maxText {
		return string(runes[:maxText]) + "…"
	}
	return line
}

// A spot is the place of a value in the file. Spots form a tree like the file's, so that a YAML path is found in as
// many steps as it has parts.
type spot struct {
	key          string // in an object; "" in a list
	line, column int32
	sorted       bool   // inside is in the order of its keys
	inside       []spot // in the order of the file
}

// find follows a YAML path such as routes[3].path as far as the file has it, and reports whether it reached the end.
func (p *spot) find(where string) (nearest *spot, exact bool) {
	for nearest = p; where != ""; {
		var part string
		part, where = cutPart(where)
		next := nearest.step(part)
		if next == nil {
			return nearest, false
		}
		nearest = next
	}
	return nearest, true
}

// cutPart cuts the first part off a path: a key, or an index in its brackets.
func cutPart(where string) (part, rest string) {
	where = strings.TrimPrefix(where, ".")
	if end := strings.IndexAny(where[min(1, len(where)):], ".["); end >= 0 {
		return where[:end+1], where[end+1:]
	}
	return where, ""
}

func (p *spot) step(part string) *spot {
	if index, ok := strings.CutPrefix(part, "["); ok {
		i, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
		if err != nil || i < 0 || i >= len(p.inside) || p.inside[i].key != "" {
			return nil
		}
		return &p.inside[i]
	}
	if p.sorted {
		if i, found := slices.BinarySearchFunc(p.inside, part, compareKey); found {
			return &p.inside[i]
		}
		return nil
	}
	for i := range p.inside {
		if p.inside[i].key == part {
			return &p.inside[i]
		}
	}
	return nil
}

func compareKey(p spot, key string) int { return strings.Compare(p.key, key) }

// sort prepares an object of many keys for find.
func (p *spot) sort() {
	slices.SortStableFunc(p.inside, func(a, b spot) int { return compareKey(a, b.key) })
	p.sorted = true
}
