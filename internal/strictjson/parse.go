package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// MaxDepth is how deep objects and arrays may be nested. A software statement needs four levels.
const MaxDepth = 16

// MaxMembers is how many members an object may have: a software statement has some thirty. Each name is compared with
// those before it.
const MaxMembers = 256

// usualMembers is room for the members of most objects.
const usualMembers = 48

var (
	errForm  = errors.New("json: not one well-formed value")
	errMany  = fmt.Errorf("json: an object has more than %d members", MaxMembers)
	errDepth = fmt.Errorf("json: nested deeper than %d levels", MaxDepth)
)

// Parse reads one JSON object and nothing after it. At every level it refuses invalid UTF-8, nesting beyond MaxDepth,
// an object of more than MaxMembers, half a surrogate pair, a member name that is not printable ASCII, and two members whose names are equal without
// regard to case. Errors name what is wrong, never a value. The object shares no memory with the document.
func Parse(document []byte) (Object, error) {
	object := Object{}
	if err := parse(document, '{', func(r *reader) error { return r.object(1, object) }); err != nil {
		return nil, err
	}
	return object, nil
}

// parseArray reads one JSON array as Parse reads an object.
func parseArray(document []byte) ([]json.RawMessage, error) {
	values := []json.RawMessage{}
	see := func(value json.RawMessage) { values = append(values, value) }
	err := parse(document, '[', func(r *reader) error { return r.array(1, see) })
	return values, err
}

// parse reads a document that is one value which begins with the bracket.
func parse(document []byte, bracket byte, value func(*reader) error) error {
	if !utf8.Valid(document) {
		return errors.New("json: not valid UTF-8")
	}
	r := &reader{text: bytes.Clone(document)}
	if r.next() != bracket {
		return fmt.Errorf("json: not an %s", map[byte]string{'{': "object", '[': "array"}[bracket])
	}
	if err := value(r); err != nil {
		return err
	}
	if r.next(); r.at < len(r.text) {
		return errForm
	}
	return nil
}

// A reader goes once through a document and checks the grammar of RFC 8259 and our own demands as it goes.
type reader struct {
	text []byte
	at   int
}

// peek returns the byte at hand, 0 at the end, which is no byte of JSON either.
func (r *reader) peek() byte {
	if r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

// next steps over white space and returns the byte it stops at.
func (r *reader) next() byte {
	for {
		switch c := r.peek(); c {
		case ' ', '\t', '\r', '\n':
			r.at++
		default:
			return c
		}
	}
}

// object reads the object that begins here, and its members into the object given unless that is nil.
func (r *reader) object(depth int, into Object) error {
	names := make([]string, 0, usualMembers)
	return r.list(depth, '}', func() error {
		name, err := r.name(&names)
		if err != nil {
			return err
		}
		if r.next() != ':' {
			return errForm
		}
		r.at++
		r.next()
		start := r.at
		if err := r.value(depth); err != nil {
			return err
		}
		if into != nil {
			into[name] = r.text[start:r.at:r.at]
		}
		return nil
	})
}

// array reads the array that begins here, and shows each of its values unless see is nil.
func (r *reader) array(depth int, see func(json.RawMessage)) error {
	return r.list(depth, ']', func() error {
		start := r.at
		if err := r.value(depth); err != nil {
			return err
		}
		if see != nil {
			see(r.text[start:r.at:r.at])
		}
		return nil
	})
}

// list reads what stands between two brackets, with a comma between each two.
func (r *reader) list(depth int, end byte, item func() error) error {
	if depth > MaxDepth {
		return errDepth
	}
	r.at++
	if r.next() == end {
		r.at++
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		switch r.next() {
		case ',':
			r.at++
			r.next()
		case end:
			r.at++
			return nil
		default:
			return errForm
		}
	}
}

// value reads the value that begins here. depth is that of the object or array it is in.
func (r *reader) value(depth int) error {
	switch c := r.peek(); c {
	case '{':
		return r.object(depth+1, nil)
	case '[':
		return r.array(depth+1, nil)
	case '"':
		_, err := r.string()
		return err
	case 't', 'f', 'n':
		return r.word()
	}
	return r.number()
}
