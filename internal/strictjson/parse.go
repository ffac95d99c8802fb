package strictjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// MaxDepth is how deep objects and arrays may be nested. A software statement needs four levels.
const MaxDepth = 16

// usualMembers is room for the members of most objects.
const usualMembers = 16

// Parse reads one JSON object and nothing after it. At every level it refuses invalid UTF-8, nesting beyond MaxDepth,
// half a surrogate pair, a member name that is not printable ASCII, and two members whose names are equal without
// regard to case. Errors name what is wrong, never a value. The object shares no memory with the document.
func Parse(document []byte) (Object, error) {
	w, err := newWalk(document)
	if err != nil {
		return nil, err
	}
	if w.next() != '{' {
		return nil, errors.New("json: not an object")
	}
	object := Object{}
	if err := w.object(1, object); err != nil {
		return nil, err
	}
	return object, nil
}

// parseArray reads one JSON array as Parse reads an object.
func parseArray(document []byte) ([]json.RawMessage, error) {
	w, err := newWalk(document)
	if err != nil {
		return nil, err
	}
	if w.next() != '[' {
		return nil, errors.New("json: not an array")
	}
	values := []json.RawMessage{}
	err = w.array(1, func(value json.RawMessage) { values = append(values, value) })
	return values, err
}

func newWalk(document []byte) (*walk, error) {
	if !utf8.Valid(document) {
		return nil, errors.New("json: not valid UTF-8")
	}
	if !json.Valid(document) {
		return nil, errors.New("json: not one well-formed value")
	}
	text := string(document)
	return &walk{text: text, bytes: []byte(text)}, nil
}

// walk goes once through a document that is known to be well-formed, so it looks at names, strings and depth only.
type walk struct {
	text  string
	bytes []byte // of the text
	at    int
}

// next steps over all that stands between two values and returns the byte it stops at.
func (w *walk) next() byte {
	for {
		switch w.text[w.at] {
		case ' ', '\t', '\r', '\n', ',', ':':
			w.at++
		default:
			return w.text[w.at]
		}
	}
}

// object reads the object that begins here, and its members into the object given unless that is nil.
func (w *walk) object(depth int, into Object) error {
	if depth > MaxDepth {
		return errDepth
	}
	names := make(map[string]struct{}, usualMembers)
	w.at++
	for w.next() != '}' {
		name, err := w.name(names)
		if err != nil {
			return err
		}
		w.next()
		start := w.at
		if err := w.value(depth); err != nil {
			return err
		}
		if into != nil {
			into[name] = w.bytes[start:w.at:w.at]
		}
	}
	w.at++
	return nil
}

// array reads the array that begins here, and shows each of its values unless see is nil.
func (w *walk) array(depth int, see func(json.RawMessage)) error {
	if depth > MaxDepth {
		return errDepth
	}
	w.at++
	for w.next() != ']' {
		start := w.at
		if err := w.value(depth); err != nil {
			return err
		}
		if see != nil {
			see(w.bytes[start:w.at:w.at])
		}
	}
	w.at++
	return nil
}

// value reads the value that begins here. depth is that of the object or array it is in.
func (w *walk) value(depth int) error {
	switch w.next() {
	case '{':
		return w.object(depth+1, nil)
	case '[':
		return w.array(depth+1, nil)
	case '"':
		_, err := w.string()
		return err
	}
	w.at += literal(w.text[w.at:])
	return nil
}

var errDepth = fmt.Errorf("json: nested deeper than %d levels", MaxDepth)
