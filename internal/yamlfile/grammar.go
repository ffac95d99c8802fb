package yamlfile

import (
	"reflect"
	"slices"
	"strings"
)

// A Grammar defines the allowed content of a type of file by the tags of a Go struct, its model.
//
// yaml is the key, or ",inline" for a struct whose keys are those of the object around it. doc is the text that an editor
// shows. is names the kind of the value, and may add words: required; one_or_more, for a list that may be written as a
// single value; merged, for a map that keeps the entries of the file that this one extends. A struct is an object with
// these keys, a slice is a list, and a map is an object whose keys the file chooses: their kind is the one that keys
// names, or else the kind name.
type Grammar struct {
	root    *object
	kinds   map[string]*Kind
	options Options
}

// New reads the grammar of a model. Its tags use the names in kinds.
func New(model reflect.Type, kinds map[string]*Kind, options Options) *Grammar {
	g := &Grammar{kinds: kinds, options: options}
	g.root = g.objectOf(model)
	return g
}

// An object is a set of keys that a file may give values to: a struct of the model.
type object struct {
	name   string
	fields []field // in the order of the model
	keys   []string
}

// A field is a key of an object with the grammar of its value: a kind or an object.
type field struct {
	key, doc string
	bit      uint64 // that stands for it among the fields of its object
	index    []int  // in the struct
	required bool
	merged   bool
	number   number
	names    *Kind // what its keys are, of a map
	kind     *Kind
	object   *object
}

// number is how many values a key has.
type number int

const (
	one       number = iota
	list             // a list of at least one
	oneOrMore        // one, or a list of them
	named            // an object with at least one name of the file's own choice, and a value for each
)

func (g *Grammar) objectOf(model reflect.Type) *object {
	o := &object{name: model.Name()}
	for _, member := range reflect.VisibleFields(model) {
		key := member.Tag.Get("yaml")
		if key == "" || key[0] == '-' || key[0] == ',' {
			continue
		}
		f := field{key: key, doc: member.Tag.Get("doc"), bit: 1 << len(o.fields), index: member.Index, names: g.kinds["name"]}
		if names := g.kinds[member.Tag.Get("keys")]; names != nil {
			f.names = names
		}
		for _, word := range strings.Split(member.Tag.Get("is"), ",") {
			switch word {
			case "required":
				f.required = true
			case "merged":
				f.merged = true
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

// within sets the number and the object of a field from the type of its value.
func (g *Grammar) within(f *field, model reflect.Type) {
	switch model.Kind() {
	case reflect.Slice:
		f.number = max(f.number, list)
		model = model.Elem()
	case reflect.Map:
		f.number = named
		model = model.Elem()
	}
	if model.Kind() == reflect.Pointer {
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
