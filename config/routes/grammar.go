package routes

import (
	"reflect"
	"slices"
	"strings"
)

// grammar is what the file may hold: the model's tags, read once.
var grammar = objectOf(reflect.TypeFor[File]())

// An object is a set of keys that the file may give values to: a struct of the model.
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
	kind     *kind
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

func objectOf(model reflect.Type) *object {
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
				f.kind = kinds[word]
			}
		}
		f.within(member.Type)
		o.fields = append(o.fields, f)
		o.keys = append(o.keys, key)
	}
	return o
}

// within says of which number and object the values of a type are.
func (f *field) within(model reflect.Type) {
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
		f.object = objectOf(model)
	}
}

// find returns the field of a key, or nil.
func (o *object) find(key string) *field {
	if i := slices.Index(o.keys, key); i >= 0 {
		return &o.fields[i]
	}
	return nil
}
