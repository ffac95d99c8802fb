package strictyaml

import (
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/dcr-gateway/dcr-gateway/internal/nearest"
)

// Unknown are the keys of a document that mean nothing, all of them.
type Unknown []*Error

// Error says them line by line.
func (u Unknown) Error() string {
	lines := make([]string, len(u))
	for i, one := range u {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// unknownKeys finds the keys that a value of a type has no place for. What cannot be parsed is for the decoder to say.
func unknownKeys(text []byte, into reflect.Type) (found Unknown) {
	tree, err := parser.ParseBytes(text, 0)
	if err != nil || len(tree.Docs) == 0 {
		return nil
	}
	found.find(tree.Docs[0].Body, into)
	return found
}

func (u *Unknown) find(node ast.Node, into reflect.Type) {
	for into.Kind() == reflect.Pointer {
		into = into.Elem()
	}
	switch node := node.(type) {
	case *ast.SequenceNode:
		if into.Kind() == reflect.Slice {
			for _, item := range node.Values {
				u.find(item, into.Elem())
			}
		}
	case ast.MapNode:
		for entries := node.MapRange(); entries.Next(); {
			u.entry(entries.KeyValue(), into)
		}
	}
}

func (u *Unknown) entry(entry *ast.MappingValueNode, into reflect.Type) {
	switch into.Kind() {
	case reflect.Map:
		u.find(entry.Value, into.Elem())
	case reflect.Struct:
		key, known := entry.Key.GetToken(), keysOf(into)
		if of, ok := known[key.Value]; ok {
			u.find(entry.Value, of)
			return
		}
		names := make([]string, 0, len(known))
		for name := range known {
			names = append(names, name)
		}
		slices.Sort(names)
		*u = append(*u, errorAt(key, `unknown field "`+key.Value+`"`+nearest.Ask(key.Value, names)))
	}
}

// keysOf are the keys of a struct, with those of structs inside of it that have none of their own, and their types.
func keysOf(model reflect.Type) map[string]reflect.Type {
	keys := map[string]reflect.Type{}
	for i := range model.NumField() {
		field := model.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case options == "inline":
			for inner, of := range keysOf(field.Type) {
				keys[inner] = of
			}
		case field.IsExported() && name != "" && name != "-":
			keys[name] = field.Type
		}
	}
	return keys
}
