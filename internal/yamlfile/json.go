package yamlfile

import (
	"encoding/json"
	"math"
	"reflect"

	"github.com/goccy/go-yaml/ast"
)

// JSON is a value that has a form in JSON, written so.
type JSON string

// AnyJSON is any value that JSON has too, except null and fractions. Its type in the model is JSON.
func AnyJSON() *Kind {
	return &Kind{words: "a text, a whole number, true or false, a list or an object", json: true}
}

func (r *reader) json(node ast.Node, into reflect.Value, k *Kind) {
	value, ok := r.plain(node, k)
	if !ok {
		return
	}
	text, err := json.Marshal(value)
	if err != nil { // what plain returns always has a JSON form
		r.add(start(node), "value.form", "must be %s", k.words)
		return
	}
	into.SetString(string(text))
}

// plain returns the value of a node, if it has one in JSON.
func (r *reader) plain(node ast.Node, k *Kind) (any, bool) {
	node = r.resolve(node)
	if node == nil {
		return nil, false
	}
	if text, ok := textOf(node); ok {
		return text, !r.secret(node.GetToken(), text)
	}
	switch n := node.(type) {
	case *ast.BoolNode:
		return n.Value, true
	case *ast.IntegerNode:
		var number int
		r.number(node, reflect.ValueOf(&number).Elem(), &Kind{words: k.words, min: math.MinInt32, max: math.MaxInt32})
		return number, true
	case *ast.SequenceNode:
		return r.plainList(n, k)
	case *ast.MappingNode:
		return r.plainObject(n, k)
	}
	r.wrongType(node, k.words)
	return nil, false
}

func (r *reader) plainList(sequence *ast.SequenceNode, k *Kind) (any, bool) {
	list, all := []any{}, true
	for i, item := range sequence.Values {
		r.enter("", i)
		value, ok := r.plain(item, k)
		r.leave()
		list, all = append(list, value), all && ok
	}
	return list, all
}

func (r *reader) plainObject(mapping *ast.MappingNode, k *Kind) (any, bool) {
	object, all := map[string]any{}, true
	for _, entry := range mapping.Values {
		name, ok := r.key(entry)
		if !ok {
			return nil, false
		}
		r.enter(name, 0)
		if _, twice := object[name]; twice {
			r.add(entry.Key.GetToken(), "yaml.duplicate", "the name is repeated")
		}
		object[name], ok = r.plain(entry.Value, k)
		r.leave()
		all = all && ok
	}
	return object, all
}
