package routes

import (
	"reflect"

	"github.com/goccy/go-yaml/ast"
)

// list reads one value or more, no text twice.
func (r *reader) list(node ast.Node, into reflect.Value, f *field, at *place) {
	resolved := r.resolve(node)
	sequence, ok := resolved.(*ast.SequenceNode)
	switch {
	case resolved == nil:
		return
	case !ok && f.number == oneOrMore:
		into.Set(reflect.MakeSlice(into.Type(), 1, 1))
		r.value(node, into.Index(0), f, at)
		return
	case !ok:
		r.wrongType(resolved, "a list, such as [one, two]")
		return
	case len(sequence.Values) == 0:
		r.add(start(resolved), "value.empty", "the list must not be empty; leave the key out where it has nothing to say")
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(sequence.Values), len(sequence.Values)))
	at.inside = make([]place, len(sequence.Values))
	for i, item := range sequence.Values {
		at.inside[i] = placeOf("", item, item)
		r.enter("", i)
		r.value(item, into.Index(i), f, &at.inside[i])
		r.leave()
	}
	if f.object == nil {
		r.distinct(sequence, into)
	}
}

// distinct notes texts that a list has twice.
func (r *reader) distinct(sequence *ast.SequenceNode, texts reflect.Value) {
	if texts.Len() < 2 {
		return
	}
	seen := make(map[string]bool, texts.Len())
	for i := range texts.Len() {
		text := texts.Index(i).String()
		if text != "" && seen[text] {
			r.enter("", i)
			r.add(start(sequence.Values[i]), "value.twice", "the list has this twice")
			r.leave()
		}
		seen[text] = true
	}
}

// names reads an object whose keys are the file's own choice.
func (r *reader) names(node ast.Node, into reflect.Value, f *field, at *place) {
	mapping := r.mapping(node)
	if mapping == nil {
		return
	}
	if len(mapping.Values) == 0 {
		r.add(start(mapping), "value.empty", "at least one must be named here; leave the key out where it has nothing to say")
		return
	}
	into.Set(reflect.MakeMapWithSize(into.Type(), len(mapping.Values)))
	at.inside = make([]place, 0, len(mapping.Values))
	for _, entry := range mapping.Values {
		name, ok := r.key(entry)
		if !ok {
			continue
		}
		r.enter(name, 0)
		r.named(entry, name, into, f, at)
		r.leave()
	}
	at.sort()
}

func (r *reader) named(entry *ast.MappingValueNode, name string, into reflect.Value, f *field, at *place) {
	key := reflect.ValueOf(name)
	if into.MapIndex(key).IsValid() {
		r.add(entry.Key.GetToken(), "yaml.duplicate", "the name is there twice")
		return
	}
	if k := kinds["name"]; !k.accepts(name) {
		r.add(entry.Key.GetToken(), "key.name", "the key must be %s", k.words)
	}
	at.inside = append(at.inside, placeOf(name, entry.Key, entry.Value))
	value := reflect.New(into.Type().Elem()).Elem()
	r.value(entry.Value, value, f, &at.inside[len(at.inside)-1])
	into.SetMapIndex(key, value)
}
