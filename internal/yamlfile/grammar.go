package yamlfile

import (
	"reflect"
	"slices"
	"strings"
)

// A Grammar is what a kind of file may hold: the tags of a Go struct, its model.
//
// yaml is the key. is names the kind of the value, and may add required, or one_or_more of a list that may be written as
// one value alone. doc is what an editor shows. A struct is an object of these keys, a slice is a list, and a map is an
// object whose keys are names of the file's own choice.
type Grammar struct {
	root   *object
	kinds  map[string]*Kind
	limits Limits
}

// New reads the grammar of a model, whose tags name these kinds. The kind name is what names of the file's own choice are.
func New(model reflect.Type, kinds map[string]*Kind, limits Limits) *Grammar {
	g := &Grammar{kinds: kinds, limits: limits}
	g.root = g.objectOf(model)
	return g
}

// An object is a set of keys that a file may give values to: a struct of the model.
type object struct {
	name   string
	fields []field // in the order of the model
	keys   []string
}

// A field is a key of an object and what its value must be: of a kind, or an object.
type field struct {
	key, doc string
	index    int // in the struct
	required bool
	number   number
	kind     *Kind
	object   *object
}

// number says how many values a key has.
type number int

const (
	one       number = iota
	list             // a list of at least one
	oneOrMore        // one, or a list of them
	named            // an object with at least one name of the file's own choice, and a value for each
)

func (g *Grammar) objectOf(model reflect.Type) *object {
	o := &object{name: model.Name()}
	for i := range model.NumField() {
		member := model.Field(i)
		key := member.Tag.Get("yaml")
		if key == "" || key == "-" {
			continue
		}
		f := field{key: key, doc: member.Tag.Get("doc"), index: i}
		for _, word := range strings.Split(member.Tag.Get("is"), ",") {
			switch word {
			case "required":
				f.required = true
			case "one_or_more":
				f.number = oneOrMore
			default:
				f.kind = g.kinds[word]
			}
		}
		g.within(&f, member.Type)
		o.fields = append(o.fields, f)
		o.keys = append(o.keys, key)
	}
	return o
}

// within says of which number and object the values of a type are.
func (g *Grammar) within(f *field, model reflect.Type) {
	switch model.Kind() {
	case reflect.Slice:
		f.number = max(f.number, list)
		model = model.Elem()
	case reflect.Map:
		f.number = named
		model = model.Elem()
	case reflect.Pointer:
		model = model.Elem()
	}
	if f.kind == nil {
		f.object = g.objectOf(model)
	}
}

// find returns the field of a key, or nil.
func (o *object) find(key string) *field {
	if i := slices.Index(o.keys, key); i >= 0 {
		return &o.fields[i]
	}
	return nil
}
