package yamlfile

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// Schema returns the JSON Schema (2020-12) of the files, for editors. It refuses what the reader refuses by form: keys,
// types, enumerations, patterns. It cannot express how parts of a file depend on each other. If the reader is Loose,
// the schema still requires exact types. filled is a value of the model with the defaults to show; id and title name
// the schema.
func (g *Grammar) Schema(id, title string, filled any) []byte {
	s := schema{g: g, defs: map[string]any{}}
	for name, k := range g.kinds {
		definition := k.schema()
		if k.json {
			definition["items"], definition["additionalProperties"] = reference(name), reference(name)
		}
		s.defs[name] = definition
	}
	over := g.root.find("extends") != nil
	root := s.object(g.root, reflect.ValueOf(filled), over)
	if over {
		root["anyOf"] = []any{map[string]any{"required": []string{"extends"}}, g.root.whole()}
	}
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = id
	root["title"] = title
	root["$defs"] = s.defs
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil // maps of texts, numbers and lists always have a JSON form
	}
	return append(text, '\n')
}

type schema struct {
	g    *Grammar
	defs map[string]any
}

// object returns the schema of an object. If the file may extend another, no key is required.
func (s schema) object(o *object, filled reflect.Value, over bool) map[string]any {
	properties := map[string]any{}
	for i := range o.fields {
		f := &o.fields[i]
		properties[f.key] = s.property(f, filled.FieldByIndex(f.index), over && f.number == one)
	}
	result := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if required := o.required(); required != nil && !over {
		result["required"] = required
	}
	return result
}

// whole returns what a file must have if it extends no other.
func (o *object) whole() map[string]any {
	inside := map[string]any{}
	for i := range o.fields {
		if f := &o.fields[i]; f.number == one && f.object != nil && f.object.required() != nil {
			inside[f.key] = f.object.whole()
		}
	}
	return map[string]any{"required": o.required(), "properties": inside}
}

func (o *object) required() (keys []string) {
	for i := range o.fields {
		if o.fields[i].required {
			keys = append(keys, o.fields[i].key)
		}
	}
	return keys
}

func (s schema) property(f *field, filled reflect.Value, over bool) map[string]any {
	value := s.value(f, filled, over)
	switch f.number {
	case named:
		value = map[string]any{"type": "object", "minProperties": 1, "propertyNames": reference(s.nameOf(f.names)), "additionalProperties": value}
	case list:
		value = s.listOf(value, f)
	case oneOrMore:
		value = map[string]any{"anyOf": []any{value, s.listOf(value, f)}}
	default:
		if f.kind != nil && f.kind.isText() && !f.required && s.g.options.Loose {
			value = map[string]any{"anyOf": []any{value, map[string]any{"const": ""}}}
		}
		if f.kind != nil {
			if filled.Kind() == reflect.Bool || !filled.IsZero() {
				value["default"] = written(filled)
			}
		}
	}
	value["description"] = f.doc
	return value
}

// value returns the schema of one value of a key.
func (s schema) value(f *field, filled reflect.Value, over bool) map[string]any {
	if f.object == nil {
		return reference(s.nameOf(f.kind))
	}
	if _, done := s.defs[f.object.name]; !done {
		s.defs[f.object.name] = s.object(f.object, first(filled, f), over)
	}
	return reference(f.object.name)
}

// first returns the only value of a list or object in the sample, or a zero value.
func first(filled reflect.Value, f *field) reflect.Value {
	switch {
	case f.number == named && filled.Len() > 0:
		return filled.MapIndex(filled.MapKeys()[0])
	case f.number == one:
		return reflect.Indirect(filled)
	case f.number == list && filled.Len() > 0:
		return filled.Index(0)
	}
	model := filled.Type().Elem()
	if model.Kind() == reflect.Pointer {
		model = model.Elem()
	}
	return reflect.Zero(model)
}

func (s schema) listOf(value map[string]any, f *field) map[string]any {
	result := map[string]any{"type": "array", "items": value}
	if f.required || !s.g.options.Loose {
		result["minItems"] = 1
	}
	if f.object == nil && !s.g.options.Loose {
		result["uniqueItems"] = true
	}
	return result
}

func reference(definition string) map[string]any {
	return map[string]any{"$ref": "#/$defs/" + definition}
}

func (s schema) nameOf(k *Kind) string {
	for name, one := range s.g.kinds {
		if one == k {
			return name
		}
	}
	return ""
}

func (k *Kind) schema() map[string]any {
	switch {
	case k.enum != nil:
		return map[string]any{"enum": k.enum}
	case k.pattern != nil:
		return map[string]any{"type": "string", "maxLength": k.longest, "pattern": k.pattern.String()}
	case k.bool:
		return map[string]any{"type": "boolean"}
	case k.json:
		return map[string]any{"type": []string{"string", "integer", "boolean", "array", "object"}}
	}
	return map[string]any{"type": "integer", "minimum": k.min, "maximum": k.max}
}

// written returns a default as it is written in the file.
func written(value reflect.Value) any {
	switch v := value.Interface().(type) {
	case time.Duration:
		return WriteDuration(v)
	case fmt.Stringer:
		return v.String()
	default:
		return v
	}
}
