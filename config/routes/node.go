package routes

import (
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// anchors are the file's anchors by name; nil where it has one name twice.
type anchors map[string]*ast.AnchorNode

// Visit implements ast.Visitor.
func (a anchors) Visit(node ast.Node) ast.Visitor {
	if anchor, ok := node.(*ast.AnchorNode); ok {
		name := anchor.Name.GetToken().Value
		if _, twice := a[name]; twice {
			a[name] = nil
		} else {
			a[name] = anchor
		}
	}
	return a
}

// collect finds the file's anchors.
func (r *reader) collect(body ast.Node) {
	if containsByte(r.source.text, '&') {
		r.anchors = anchors{}
		ast.Walk(r.anchors, body)
	}
}

// resolve returns what a node stands for: itself, what its anchor names, or what its alias repeats; nil where that is
// nothing, which it has noted then.
func (r *reader) resolve(node ast.Node) ast.Node {
	if r.budget--; r.budget <= 0 {
		if r.budget == 0 {
			r.add(start(node), "yaml.alias", "the file's aliases repeat too much: write it out, or repeat less")
		}
		return nil
	}
	for range maxDepth {
		switch n := node.(type) {
		case *ast.AnchorNode:
			node = n.Value
		case *ast.AliasNode:
			anchor := r.anchors[n.Value.GetToken().Value]
			if anchor == nil || anchor.GetToken().Position.Offset >= n.GetToken().Position.Offset {
				r.add(n.GetToken(), "yaml.alias", "exactly one anchor (&name) above must have this name")
				return nil
			}
			node = anchor.Value
		case *ast.TagNode:
			r.add(n.GetToken(), "yaml.tag", "a tag (!) must not be here: write the value alone")
			return nil
		case nil:
			return nil
		default:
			return node
		}
	}
	r.add(start(node), "yaml.alias", "an alias must not stand for itself")
	return nil
}

// mapping returns the object that a node must be, or nil where it is none, which it has noted then.
func (r *reader) mapping(node ast.Node) *ast.MappingNode {
	node = r.resolve(node)
	if node == nil {
		return nil
	}
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		r.wrongType(node, "an object: keys with their values")
	}
	return mapping
}

// key returns the text of a key, or notes that it is none.
func (r *reader) key(entry *ast.MappingValueNode) (text string, ok bool) {
	tk := entry.Key.GetToken()
	switch entry.Key.(type) {
	case *ast.MergeKeyNode:
		r.add(tk, "yaml.merge", "<< must not be here: an alias may stand for a whole value, but not for a part of an object")
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		return tk.Value, tk.Value != "" || r.noKey(tk)
	default:
		r.noKey(tk)
	}
	return "", false
}

func (r *reader) noKey(tk *token.Token) bool {
	r.add(tk, "yaml.key", "a key must be one plain word")
	return false
}

// start returns the token at which a node begins.
func start(node ast.Node) *token.Token {
	if mapping, ok := node.(*ast.MappingNode); ok && !mapping.IsFlowStyle && len(mapping.Values) > 0 {
		return mapping.Values[0].Key.GetToken()
	}
	if node == nil {
		return nil
	}
	return node.GetToken()
}

// placeOf returns where a value is: where it begins, or where its key does when the value is an object or a list on
// lines of its own.
func placeOf(key string, keyNode, value ast.Node) place {
	p := place{key: key}
	at := start(value)
	first := start(keyNode)
	switch value.(type) {
	case *ast.MappingNode, *ast.SequenceNode, *ast.AnchorNode, *ast.NullNode:
		if at == nil || at.Position == nil || at.Position.Line != first.Position.Line {
			at = first
		}
	}
	if at != nil && at.Position != nil {
		p.line, p.column = int32(at.Position.Line), int32(at.Position.Column)
	}
	return p
}
