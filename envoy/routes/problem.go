package routes

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// A Problem is one thing that is wrong with the file, and where.
type Problem struct {
	Where        string // YAML path: routes[3].path
	Line, Column int    // 0 where the file's text is not at hand
	What         string
}

// Error says line, column, path and what is wrong.
func (p *Problem) Error() string {
	text := p.Where + ": " + p.What
	if p.Line > 0 {
		text = fmt.Sprintf("%d:%d: %s", p.Line, p.Column, text)
	}
	return text
}

func problemAt(node ast.Node, what string) *Problem {
	problem := &Problem{Where: strings.TrimPrefix(node.GetPath(), "$."), What: what}
	if token := node.GetToken(); token != nil && token.Position != nil {
		problem.Line, problem.Column = token.Position.Line, token.Position.Column
	}
	return problem
}

// problems collects everything that is wrong, so that an admin mends the file in one go.
type problems struct {
	tree  *ast.File
	found []error
}

func newProblems(source []byte) *problems {
	tree, err := parser.ParseBytes(source, 0)
	if err != nil { // a File that was not read from a file has no positions
		tree = nil
	}
	return &problems{tree: tree}
}

// add notes what is wrong at a YAML path such as routes[3].path.
func (p *problems) add(where, what string, arguments ...any) {
	problem := &Problem{Where: where, What: fmt.Sprintf(what, arguments...)}
	if node := p.node(where); node != nil {
		at := problemAt(node, "")
		problem.Line, problem.Column = at.Line, at.Column
	}
	p.found = append(p.found, problem)
}

// node finds the node of a path, or of the nearest part of it that the file has.
func (p *problems) node(where string) ast.Node {
	for p.tree != nil && where != "" {
		if path, err := yaml.PathString("$." + where); err == nil {
			if node, err := path.FilterFile(p.tree); err == nil && node != nil {
				return node
			}
		}
		where = where[:max(strings.LastIndexAny(where, ".["), 0)]
	}
	return nil
}

func (p *problems) err() error { return errors.Join(p.found...) }
