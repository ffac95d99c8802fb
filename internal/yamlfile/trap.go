package yamlfile

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	// inBraces is a value such as /v1/{Id} that stands without quotes in a one-line object.
	inBraces = regexp.MustCompile(`^[^#]*[{,][^#]*:\s+[^\s"'{},#]+\{[A-Za-z][A-Za-z0-9]*\}`)
	keyed    = regexp.MustCompile(`^( *)((?:- +)*)("[^"]*"|'[^']*'|[^\s#"'{}\[\],][^#{}\[\],]*?) *:( +\S.*)?$`)
)

// trap names what people most often mean by text that is not YAML, at the line where it is. YAML's own message is about
// what the parser expected, and often at the line before.
func (s *Source) trap(p *Problem) *Problem {
	for _, number := range []int{p.Line, p.Line + 1, p.Line - 1} {
		if number < 1 || number > len(s.lines) {
			continue
		}
		line := s.whole(number)
		text := strings.TrimLeft(line, " \t")
		if indent := line[:len(line)-len(text)]; strings.Contains(indent, "\t") {
			return s.moved(p, number, strings.Index(indent, "\t")+1, "a tab must not be here: indent with spaces")
		}
		if found := inBraces.FindStringIndex(line); found != nil {
			return s.moved(p, number, found[1], `a value with {Name} needs quotes in a one-line object: "/path/{Name}"`)
		}
	}
	for _, number := range []int{p.Line, p.Line + 1} {
		if what, column := s.misplaced(number); what != "" {
			return s.moved(p, number, column, what)
		}
	}
	return p
}

func (s *Source) moved(p *Problem, line, column int, what string) *Problem {
	p.What = what
	s.locate(p, line, column)
	return p
}

// misplaced compares how far a line is indented with the key before it, which has a value and therefore no keys of its own.
func (s *Source) misplaced(number int) (what string, column int) {
	if number < 2 || number > len(s.lines) {
		return "", 0
	}
	is := keyed.FindStringSubmatch(s.whole(number))
	before := number - 1
	for before > 1 && strings.TrimSpace(s.whole(before)) == "" {
		before--
	}
	was := keyed.FindStringSubmatch(s.whole(before))
	if is == nil || was == nil || is[2] != "" || was[4] == "" {
		return "", 0
	}
	have, want := len(is[1]), len(was[1])+len(was[2])
	if have == want || have < want && s.opens(before, have) {
		return "", 0
	}
	return fmt.Sprintf("the key is indented by %d, its neighbour in line %d by %d", have, before, want), have + 1
}

// opens reports whether a key above a line stands at an indentation: the next line may go back to its object.
func (s *Source) opens(line, indent int) bool {
	for line--; line >= 1; line-- {
		if key := keyed.FindStringSubmatch(s.whole(line)); key != nil && len(key[1])+len(key[2]) == indent {
			return true
		}
	}
	return false
}

// whole returns the text of a line.
func (s *Source) whole(number int) string {
	end := len(s.text)
	if number < len(s.lines) {
		end = s.lines[number]
	}
	return strings.TrimRight(string(s.text[s.lines[number-1]:end]), "\r\n")
}

var plainName = regexp.MustCompile(`^["']?([A-Za-z0-9][A-Za-z0-9._-]{0,63})["']?\s*([,}#].*)?$`)

// nameOf returns the name of the list item that a YAML path leads through; "" if it has none.
func (s *Source) nameOf(where string) string {
	_, rest, isItem := strings.Cut(where, "[")
	if !isItem {
		return ""
	}
	at, exact := s.root.find(where[:len(where)-len(rest)+strings.Index(rest, "]")+1] + ".name")
	if !exact || at.line < 1 || int(at.line) > len(s.lines) {
		return ""
	}
	line := []rune(s.whole(int(at.line)))
	if at.column < 1 || int(at.column) > len(line) {
		return ""
	}
	if found := plainName.FindStringSubmatch(string(line[at.column-1:])); found != nil {
		return found[1]
	}
	return ""
}
