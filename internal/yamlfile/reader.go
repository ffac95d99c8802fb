package yamlfile

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/dcr-gateway/dcr-gateway/internal/nearest"
)

// A reader walks the document once, beside the grammar. It fills the model, records the place of every value, and
// reports all problems of the document's form.
type reader struct {
	source  *Source
	loose   bool // see Options
	sought  map[string]string
	over    bool // the value holds another file already, which has what is required
	anchors anchors
	budget  int    // values that may still be read: aliases let a small text have very many
	path    []step // to what is being read
	found   Problems
}

// maxProblems limits the problems of one file.
const maxProblems = 100_000

// step is a part of a path: a key or an index.
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

// add reports a problem of the value that is being read.
func (r *reader) add(tk *token.Token, id, what string, arguments ...any) {
	if len(r.found) >= maxProblems {
		return
	}
	problem := r.source.at(tk, id, fmt.Sprintf(what, arguments...))
	problem.Where = r.where()
	r.found = append(r.found, problem)
}

// object reads a struct of the model.
func (r *reader) object(node ast.Node, into reflect.Value, o *object, at *spot) {
	mapping := r.mapping(node)
	if mapping == nil {
		return
	}
	at.inside = make([]spot, 0, len(mapping.Values))
	var seen, meant uint64 // bits by field
	for _, entry := range mapping.Values {
		key, ok := r.key(entry)
		if !ok {
			continue
		}
		r.enter(key, 0)
		if f := o.find(key); f == nil {
			meant |= r.unknown(entry, key, o)
		} else if seen&f.bit != 0 {
			r.twice(entry, at)
		} else if seen |= f.bit; !r.leftOut(entry.Value, f) {
			at.inside = append(at.inside, spotOf(f.key, entry.Key, entry.Value))
			r.field(entry.Value, into.FieldByIndex(f.index), f, &at.inside[len(at.inside)-1])
		}
		r.leave()
	}
	for i := range o.fields {
		f := &o.fields[i]
		if f.required && !r.over && !merges(mapping) && (seen|meant)&f.bit == 0 {
			r.enter(f.key, 0)
			r.add(start(mapping), "key.missing", "the key %s is missing: %s", f.key, f.doc)
			r.leave()
		}
	}
}

// merges reports whether an object has a merge key, which is reported: what it would add is not missing.
func merges(mapping *ast.MappingNode) bool {
	return slices.ContainsFunc(mapping.Values, func(entry *ast.MappingValueNode) bool {
		_, merge := entry.Key.(*ast.MergeKeyNode)
		return merge
	})
}

// unknown reports a key that the model does not have, and returns the bit of the key that was probably meant.
func (r *reader) unknown(entry *ast.MappingValueNode, key string, o *object) (meant uint64) {
	best := nearest.Word(key, o.keys)
	if instead := r.sought[key]; instead != "" {
		r.add(entry.Key.GetToken(), "key.unknown", "there is no such key: %s", instead)
	} else if best == "" {
		r.add(entry.Key.GetToken(), "key.unknown", "there is no such key here; the keys are %s", strings.Join(o.keys, ", "))
	} else {
		r.add(entry.Key.GetToken(), "key.unknown", "there is no such key here; did you mean %s?", best)
		meant = o.find(best).bit
	}
	if text, ok := textOf(entry.Value); ok {
		r.secret(entry.Value.GetToken(), text)
	}
	return meant
}

func (r *reader) twice(entry *ast.MappingValueNode, at *spot) {
	key := r.path[len(r.path)-1].key
	if first := at.step(key); first != nil {
		r.add(entry.Key.GetToken(), "yaml.duplicate", "the key is repeated; it is in line %d already", first.line)
	}
}

// leftOut reports whether a key has no value and counts as omitted.
func (r *reader) leftOut(node ast.Node, f *field) bool {
	_, null := node.(*ast.NullNode)
	return null && r.loose && (r.over || !f.required)
}

// field reads the value of a key, or its values.
func (r *reader) field(node ast.Node, into reflect.Value, f *field, at *spot) {
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
func (r *reader) value(node ast.Node, into reflect.Value, f *field, at *spot) {
	if f.object == nil {
		r.scalar(node, into, f)
		return
	}
	over := r.over
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	r.over = over && f.number == one
	r.object(node, into, f.object, at)
	r.over = over
}

// list reads one or more values, without repeated texts.
func (r *reader) list(node ast.Node, into reflect.Value, f *field, at *spot) {
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
	case len(sequence.Values) == 0 && r.loose && !f.required:
		into.SetZero()
		return
	case len(sequence.Values) == 0:
		r.add(start(resolved), "value.empty", "the list must not be empty; omit the key instead")
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(sequence.Values), len(sequence.Values)))
	at.inside = make([]spot, len(sequence.Values))
	for i, item := range sequence.Values {
		at.inside[i] = spotOf("", item, item)
		r.enter("", i)
		r.value(item, into.Index(i), f, &at.inside[i])
		r.leave()
	}
	if f.object == nil && !r.loose {
		r.distinct(sequence, into)
	}
}

// distinct reports repeated texts in a list.
func (r *reader) distinct(sequence *ast.SequenceNode, texts reflect.Value) {
	if texts.Len() < 2 {
		return
	}
	seen := make(map[string]bool, texts.Len())
	for i := range texts.Len() {
		text := texts.Index(i).String()
		if text != "" && seen[text] {
			r.enter("", i)
			r.add(start(sequence.Values[i]), "value.twice", "the list has this already")
			r.leave()
		}
		seen[text] = true
	}
}

// names reads an object whose keys the file chooses.
func (r *reader) names(node ast.Node, into reflect.Value, f *field, at *spot) {
	mapping := r.mapping(node)
	if mapping == nil {
		return
	}
	if len(mapping.Values) == 0 {
		r.add(start(mapping), "value.empty", "at least one must be named here; omit the key instead")
		return
	}
	own := reflect.MakeMapWithSize(into.Type(), len(mapping.Values))
	at.inside = make([]spot, 0, len(mapping.Values))
	for _, entry := range mapping.Values {
		name, ok := r.key(entry)
		if !ok {
			continue
		}
		r.enter(name, 0)
		r.named(entry, name, own, f, at)
		r.leave()
	}
	at.sort()
	if f.merged {
		for _, name := range into.MapKeys() {
			if !own.MapIndex(name).IsValid() {
				own.SetMapIndex(name, into.MapIndex(name))
			}
		}
	}
	into.Set(own)
}

func (r *reader) named(entry *ast.MappingValueNode, name string, into reflect.Value, f *field, at *spot) {
	key := reflect.ValueOf(name)
	if into.MapIndex(key).IsValid() {
		r.add(entry.Key.GetToken(), "yaml.duplicate", "the name is repeated")
		return
	}
	if !f.names.Accepts(name) {
		r.add(entry.Key.GetToken(), "key.name", "the key must be %s", f.names.words)
	}
	at.inside = append(at.inside, spotOf(name, entry.Key, entry.Value))
	value := reflect.New(into.Type().Elem()).Elem()
	if _, null := entry.Value.(*ast.NullNode); null && r.loose && f.object == nil {
		into.SetMapIndex(key, value)
		return
	}
	r.value(entry.Value, value, f, &at.inside[len(at.inside)-1])
	into.SetMapIndex(key, value)
}

// anchors holds the file's anchors by name; the value is nil if a name is repeated.
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
	if bytes.IndexByte(r.source.text, '&') >= 0 {
		r.anchors = anchors{}
		ast.Walk(r.anchors, body)
	}
}

// resolve returns the node that a node stands for: itself, the content of its anchor, or the target of its alias. If
// there is none, it reports that and returns nil.
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

// mapping returns a node as an object. If it is something else, mapping reports that and returns nil.
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

// key returns the text of a key. If it is not a plain word, key reports that.
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

// spotOf returns the place of a value: where it begins, or where its key begins if the value is an object or list on
// lines of its own.
func spotOf(key string, keyNode, value ast.Node) spot {
	p := spot{key: key}
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
