package routes

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxText bounds the line that a problem shows, in characters.
const maxText = 160

// source is what is kept of a file's text: for the problems that lint finds long after the file was read.
type source struct {
	name  string // as its problems are to call it
	text  []byte
	lines []int // where each line begins
	root  place
}

func newSource(name string, text []byte) *source {
	s := &source{name: name, text: text, lines: []int{0}}
	for at := 0; ; {
		end := bytes.IndexByte(text[at:], '\n')
		if end < 0 {
			return s
		}
		at += end + 1
		s.lines = append(s.lines, at)
	}
}

// has says whether the text says something at a YAML path. A File that was made in code has no text.
func (s *source) has(where string) bool {
	if s == nil {
		return false
	}
	_, exact := s.root.find(where)
	return exact
}

// locate says in which line of which file a problem is.
func (s *source) locate(p *Problem, line, column int) {
	p.File = s.name
	if line > 0 && line <= len(s.lines) {
		p.Line, p.Column = line, max(column, 1)
	}
}

// show gives problems the text of their lines. It looks at a line once for all of them that follow one another.
func (s *source) show(sorted Problems) {
	last := new(Problem)
	for _, problem := range sorted {
		if last.Line == problem.Line {
			problem.Text = last.Text
		} else if problem.Line > 0 {
			problem.Text = s.line(problem.Line)
		}
		last = problem
	}
}

// line returns the text of a line, or nothing where it may hold a secret.
func (s *source) line(number int) string {
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

// cut shortens a line and takes out what would move a terminal's cursor.
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

var (
	pemMark    = []byte("-----")
	secretKeys = regexp.MustCompile(`(?i)(passw(or)?d|passphrase|secret|private|credential|api[_-]?key)[a-z0-9_-]*["']?\s*:`)
	longRun    = regexp.MustCompile(`[A-Za-z0-9+/=_-]{16,}`)
)

// mayHoldSecret says whether a line must not be shown: it has a mark of PEM, a key that promises a secret, or a long run
// of characters that change between lower case, upper case and digits as no words do.
func mayHoldSecret(line []byte) bool {
	if bytes.Contains(line, pemMark) || secretKeys.Match(line) {
		return true
	}
	for _, run := range longRun.FindAll(line, -1) {
		changes := 0
		for i := 1; i < len(run); i++ {
			if before, now := class(run[i-1]), class(run[i]); before != now && before != sign && now != sign {
				changes++
			}
		}
		if changes*5 >= len(run) {
			return true
		}
	}
	return false
}

const sign = 0

func class(c byte) int {
	switch {
	case c >= 'a' && c <= 'z':
		return 1
	case c >= 'A' && c <= 'Z':
		return 2
	case c >= '0' && c <= '9':
		return 3
	}
	return sign
}
