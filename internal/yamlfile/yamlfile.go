// Package yamlfile reads the YAML files that administrators write. The tags of a Go struct are a file's grammar. A file is
// exactly one document without unknown keys. All its problems are reported at once, each with its line, its YAML path and,
// if the reader can guess it, the right word. The same grammar writes files and gives editors a JSON Schema.
//
// Use it for every file that a person edits. It is not for YAML that programs exchange, nor for JSON.
package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Options limits the size of a type of file, because the parser has no limits, and sets how exact it must be.
type Options struct {
	Bytes   int // of the text
	Tokens  int // words and signs
	Anchors int // anchors and tags; 0 forbids aliases too

	// Loose accepts what is inexact but clear: a number, true or false as a text; a key without a value as omitted; and
	// "" or an empty list if the key is not required.
	Loose bool

	// Sought are keys that people look for and no object has: what to do instead.
	Sought map[string]string
}

// Read reads the text of a file into a value, which is a pointer to the grammar's model, and returns the problems of
// its form. Omitted keys keep their values. name is the file's name in problems.
func (g *Grammar) Read(name string, text []byte, into any) *Check {
	c := g.parse(name, text)
	g.fill(c, into)
	return c
}

// parse reads the text of a file as one YAML document.
func (g *Grammar) parse(name string, text []byte) *Check {
	c := newCheck(newSource(name, nil))
	if len(text) > g.options.Bytes {
		c.stop(c.at(nil, "yaml.size", "the file must not be larger than "+size(g.options.Bytes)))
		return c
	}
	c.Source = newSource(name, bytes.ReplaceAll(bytes.TrimPrefix(text, []byte("\ufeff")), []byte("\r\n"), []byte("\n")))
	body, problem := c.parse(g)
	if problem != nil {
		c.stop(problem)
	}
	c.body = body
	return c
}

// fill reads the document into a value.
func (g *Grammar) fill(c *Check, into any) {
	if c.partial {
		return
	}
	r := reader{source: c.Source, loose: g.options.Loose, sought: g.options.Sought, over: g.root.find("extends") != nil && c.extends() != "", budget: len(c.text)/2 + 100_000}
	r.collect(c.body)
	r.object(c.body, reflect.ValueOf(into).Elem(), g.root, &c.root)
	for _, problem := range r.found {
		c.know(problem)
	}
	c.body, c.found, c.partial = nil, append(c.found, r.found...), r.budget <= 0
}

func size(bytes int) string {
	if bytes >= 1<<20 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%d KiB", bytes>>10)
}

// parse returns the only YAML document of the text, or the problem that prevents this.
func (s *Source) parse(g *Grammar) (ast.Node, *Problem) {
	if !utf8.Valid(s.text) {
		return nil, s.at(nil, "yaml.syntax", "the file must be UTF-8")
	} else if bytes.IndexByte(s.text, '\r') >= 0 {
		return nil, s.at(nil, "yaml.syntax", "a line must end with a line feed, and not with a carriage return alone")
	}
	tokens, bad, id, what := (&guard{options: g.options}).tokens(string(s.text))
	if id == "yaml.syntax" {
		return nil, s.trap(s.at(bad, id, what))
	} else if id != "" {
		return nil, s.at(bad, id, what)
	}
	tree, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if syntax, ok := errors.AsType[*yaml.SyntaxError](err); ok {
		return nil, s.trap(s.at(syntax.Token, "yaml.syntax", unquoted(syntax.Message)))
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
	return nil, s.at(nil, "yaml.empty", "the file is empty; the key "+g.root.keys[0]+" and others must be there")
}

var quotation = regexp.MustCompile(`:? "([^"\\]|\\.)*"`)

// unquoted removes quotations of the file from the parser's message.
func unquoted(message string) string { return quotation.ReplaceAllString(message, "") }

// at returns a problem at a token.
func (s *Source) at(tk *token.Token, id, what string) *Problem {
	problem := &Problem{ID: id, Severity: Error, What: what}
	line, column := 0, 0
	if tk != nil && tk.Position != nil {
		line, column = tk.Position.Line, tk.Position.Column
	}
	s.locate(problem, line, column)
	return problem
}
