package routes

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/dcr-gateway/dcr-gateway/internal/nearest"
)

// A reader walks the document once, beside the grammar. It fills the model, remembers where everything stands, and notes
// everything that is wrong with the document's form.
type reader struct {
	source  *source
	anchors anchors
	budget  int    // values that may still be read: aliases let a small text have very many
	path    []step // to what is being read
	found   Problems
}

// maxProblems bounds what a file can make the reader say about it.
const maxProblems = 100_000

// step is a part of a path: a key, or an index where there is none.
type step struct {
	key   string
	index int
}

func (r *reader) enter(key string, index int) { r.path = append(r.path, step{key, index}) }
func (r *reader) leave()                      { r.path = r.path[:len(r.path)-1] }

func (r *reader) where() string {
	var b strings.Builder
	for i, part := range r.path {
		switch {
		case part.key == "":
			b.WriteString("[" + strconv.Itoa(part.index) + "]")
		case i > 0:
			b.WriteString("." + part.key)
		default:
			b.WriteString(part.key)
		}
	}
	return b.String()
}

// add notes what is wrong with what is being read.
func (r *reader) add(tk *token.Token, id, what string, arguments ...any) {
	if len(r.found) >= maxProblems {
		return
	}
	problem := r.source.at(tk, id, fmt.Sprintf(what, arguments...))
	problem.Where = r.where()
	r.found = append(r.found, problem)
}

// object reads a struct of the model.
func (r *reader) object(node ast.Node, into reflect.Value, o *object, at *place) {
	mapping := r.mapping(node)
	if mapping == nil {
		return
	}
	at.inside = make([]place, 0, len(mapping.Values))
	var seen, meant uint64 // bits by field
	for _, entry := range mapping.Values {
		key, ok := r.key(entry)
		if !ok {
			continue
		}
		r.enter(key, 0)
		if f := o.find(key); f == nil {
			meant |= r.unknown(entry, key, o)
		} else if bit := uint64(1) << f.index; seen&bit != 0 {
			r.twice(entry, at)
		} else {
			seen |= bit
			at.inside = append(at.inside, placeOf(f.key, entry.Key, entry.Value))
			r.field(entry.Value, into.Field(f.index), f, &at.inside[len(at.inside)-1])
		}
		r.leave()
	}
	for i := range o.fields {
		f := &o.fields[i]
		if f.required && (seen|meant)&(1<<f.index) == 0 {
			r.enter(f.key, 0)
			r.add(start(mapping), "key.missing", "the key %s must be there: %s", f.key, f.doc)
			r.leave()
		}
	}
}

// unknown notes a key that the model does not have, and returns the bit of the one that was probably meant.
func (r *reader) unknown(entry *ast.MappingValueNode, key string, o *object) (meant uint64) {
	best := nearest.Word(key, o.keys)
	if best == "" {
		r.add(entry.Key.GetToken(), "key.unknown", "there is no such key here; the keys are %s", strings.Join(o.keys, ", "))
	} else {
		r.add(entry.Key.GetToken(), "key.unknown", "there is no such key here; did you mean %s?", best)
		meant = 1 << o.find(best).index
	}
	if text, ok := textOf(entry.Value); ok {
		r.secret(entry.Value.GetToken(), text)
	}
	return meant
}

func (r *reader) twice(entry *ast.MappingValueNode, at *place) {
	key := r.path[len(r.path)-1].key
	if first := at.step(key); first != nil {
		r.add(entry.Key.GetToken(), "yaml.duplicate", "the key is there twice; the first is in line %d", first.line)
	}
}

// field reads the value of a key, or its values.
func (r *reader) field(node ast.Node, into reflect.Value, f *field, at *place) {
	switch f.number {
	case named:
		r.names(node, into, f, at)
	case list, oneOrMore:
		r.list(node, into, f, at)
	default:
		r.value(node, into, f, at)
	}
}

// value reads one value.
func (r *reader) value(node ast.Node, into reflect.Value, f *field, at *place) {
	if f.object == nil {
		r.scalar(node, into, f.kind)
		return
	}
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	r.object(node, into, f.object, at)
}
