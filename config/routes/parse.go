package routes

import (
	"bytes"
	"errors"
	"reflect"
	"regexp"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Parse reads the text of a file. The name is what its problems call it; the folder is what its relative names are
// relative to. What it returns has its defaults filled in and is free of contradictions. Otherwise the error is a
// Problems: everything that is wrong, in the order of the lines, or the one thing for which the text is not YAML at all.
func Parse(name string, text []byte, dir string) (*File, error) {
	return parse(name, text, dir, false)
}

// ParseKept is Parse for a text that was good before: the files that it names may be gone by now.
func ParseKept(name string, text []byte, dir string) (*File, error) {
	return parse(name, text, dir, true)
}

func parse(name string, text []byte, dir string, kept bool) (*File, error) {
	if len(text) > maxFile {
		return nil, Problems{{ID: "yaml.size", Severity: Error, File: name, What: "the file must not be larger than 8 MiB"}}
	}
	src := newSource(name, bytes.ReplaceAll(bytes.TrimPrefix(text, []byte("\ufeff")), []byte("\r\n"), []byte("\n")))
	body, problem := src.parse()
	if problem != nil {
		src.show(Problems{problem})
		return nil, Problems{problem}
	}
	file := &File{Dir: dir, Version: version(text), source: src}
	r := reader{source: src, budget: len(src.text)/2 + 100_000}
	r.collect(body)
	r.object(body, reflect.ValueOf(file).Elem(), grammar, &src.root)
	file.fillDefaults()
	found := r.found
	if r.budget > 0 { // else it has not read the rest
		found = append(found, file.check(found, kept)...)
	}
	if len(found) > 0 {
		found.Sort()
		src.show(found)
		return nil, found
	}
	return file, nil
}

// parse returns the one YAML document of the text, or what keeps the text from being one.
func (s *source) parse() (ast.Node, *Problem) {
	if !utf8.Valid(s.text) {
		return nil, s.at(nil, "yaml.syntax", "the file must be UTF-8")
	} else if containsByte(s.text, '\r') {
		return nil, s.at(nil, "yaml.syntax", "a line must end with a line feed, and not with a carriage return alone")
	}
	tokens, bad, id, what := new(guard).tokens(string(s.text))
	if id != "" {
		return nil, s.at(bad, id, what)
	}
	tree, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if syntax, ok := errors.AsType[*yaml.SyntaxError](err); ok {
		return nil, s.at(syntax.Token, "yaml.syntax", unquoted(syntax.Message))
	} else if err != nil {
		return nil, s.at(nil, "yaml.syntax", "the file is not YAML")
	}
	for _, document := range tree.Docs {
		switch document.Body.(type) {
		case nil, *ast.CommentGroupNode:
		default:
			return document.Body, nil
		}
	}
	return nil, s.at(nil, "yaml.empty", "the file is empty; the key issuer and others must be there")
}

var quotation = regexp.MustCompile(`:? "([^"\\]|\\.)*"`)

// unquoted takes out of the parser's words what they quote of the file.
func unquoted(message string) string { return quotation.ReplaceAllString(message, "") }

// at returns a problem at a token.
func (s *source) at(tk *token.Token, id, what string) *Problem {
	problem := &Problem{ID: id, Severity: Error, What: what}
	if tk != nil && tk.Position != nil {
		s.locate(problem, tk.Position.Line, tk.Position.Column)
		return problem
	}
	s.locate(problem, 0, 0)
	return problem
}
