package strictyaml

import (
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// locate gives each fault the line and column of its key, or of the nearest key around it that the text has. What a
// file has from the one that it extends has no line.
func locate(text []byte, list Faults) {
	tree, err := parser.ParseBytes(text, 0)
	if err != nil || len(tree.Docs) == 0 { // it was decoded before
		return
	}
	for _, fault := range list {
		if at := find(tree.Docs[0].Body, fault.Where); at != nil && at.Position != nil {
			fault.Line, fault.Column = at.Position.Line, at.Position.Column
		}
	}
}

// find goes a way such as certificates[1].ca from a node, as far as there is one. It returns the token of the value in
// the end, or of the last key on the way when that is clearer.
func find(node ast.Node, path string) *token.Token {
	var at *token.Token
	for _, name := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		next, key := step(node, name)
		if next == nil {
			return at
		}
		node, at = next, key
		if _, scalar := node.(ast.ScalarNode); scalar {
			at = node.GetToken()
		}
	}
	return at
}

// step goes to what stands under a key of an object, or at a number of a list, and returns the token that it begins with.
func step(node ast.Node, name string) (ast.Node, *token.Token) {
	switch node := node.(type) {
	case ast.MapNode:
		for entries := node.MapRange(); entries.Next(); {
			if key := entries.Key().GetToken(); key != nil && key.Value == name {
				return entries.Value(), key
			}
		}
	case *ast.SequenceNode:
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(node.Values) {
			return node.Values[i], begin(node.Values[i])
		}
	}
	return nil, nil
}

// begin is the token that a node begins with: the library calls the colon that of an object.
func begin(node ast.Node) *token.Token {
	if object, ok := node.(ast.MapNode); ok {
		if entries := object.MapRange(); entries.Next() {
			return entries.Key().GetToken()
		}
	}
	return node.GetToken()
}
