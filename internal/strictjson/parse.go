package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is the deepest nesting of objects and arrays. A software statement needs four levels.
const MaxDepth = 16

// MaxMembers is the largest number of members in an object. A software statement has about thirty. Each name is
// compared with all earlier ones.
const MaxMembers = 256

// MaxValues is the largest number of values in a document, at all levels: strangers may send documents, and each value
// costs more to read than the two bytes it may have. A set of 64 keys with their certificates has about a thousand.
const MaxValues = 4096

// usualMembers is the initial capacity for names, enough for most documents.
const usualMembers = 48

var (
	errMany   = fmt.Errorf("json: an object has more than %d members", MaxMembers)
	errValues = fmt.Errorf("json: it has more than %d values", MaxValues)
	errDepth  = fmt.Errorf("json: nested deeper than %d levels", MaxDepth)
)

// Parse reads exactly one JSON object. At every level it refuses invalid UTF-8, nesting beyond MaxDepth, an object of
// more than MaxMembers, half a surrogate pair, a member name that is not printable ASCII, and two members whose names
// differ at most in case; and a document of more than MaxValues. Errors say what is wrong and, where it is not JSON, at
// which character, in printable ASCII without quotes; they may name a member, and never quote a value. The object shares
// no memory with the document. Time and memory are in proportion to the document.
func Parse(document []byte) (Object, error) {
	object := Object{}
	if err := parse(document, '{', func(r *reader) error { return r.object(1, object) }); err != nil {
		return nil, err
	}
	return object, nil
}

// parseArray reads a JSON array with the same checks as Parse.
func parseArray(document []byte) ([]json.RawMessage, error) {
	values := []json.RawMessage{}
	see := func(value json.RawMessage) { values = append(values, value) }
	err := parse(document, '[', func(r *reader) error { return r.array(1, see) })
	return values, err
}

// parse reads a document that consists of one value, which begins with the bracket.
func parse(document []byte, bracket byte, value func(*reader) error) error {
	if !utf8.Valid(document) {
		return errors.New("json: it is not valid UTF-8")
	}
	r := &reader{text: document}
	if first := r.next(); first != bracket {
		return notThat(bracket, first)
	}
	if !json.Valid(document) {
		return fault(document)
	}
	r.text = bytes.Clone(document)
	return value(r)
}

// A reader makes one pass over a document that is valid JSON (RFC 8259) and checks our further requirements.
type reader struct {
	text   []byte
	at     int
	values int
	names  []string // of all objects around the current place; those of an object follow those of the object around it
}

// next skips white space and returns the byte where it stops, or 0 at the end.
func (r *reader) next() byte {
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// object reads the object that begins here. It stores the members in into unless that is nil.
func (r *reader) object(depth int, into Object) error {
	outer := len(r.names)
	defer func() { r.names = r.names[:outer] }()
	return r.list(depth, func() error {
		name, err := r.name(outer)
		if err != nil {
			return err
		}
		r.next()
		r.at++ // the colon
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

// array reads the array that begins here. It passes each value to see unless that is nil.
func (r *reader) array(depth int, see func(json.RawMessage)) error {
	return r.list(depth, func() error {
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

// list reads the items between two brackets, separated by commas.
func (r *reader) list(depth int, item func() error) error {
	if depth > MaxDepth {
		return errDepth
	}
	for {
		r.at++ // the opening bracket, or a comma
		if c := r.next(); c == '}' || c == ']' {
			break
		}
		if err := item(); err != nil {
			return err
		}
		if r.next() != ',' {
			break
		}
	}
	r.at++ // the closing bracket
	return nil
}

// value skips the value that begins here. depth is that of the object or array around it.
func (r *reader) value(depth int) error {
	if r.values++; r.values > MaxValues {
		return errValues
	}
	switch r.text[r.at] {
	case '{':
		return r.object(depth+1, nil)
	case '[':
		return r.array(depth+1, nil)
	case '"':
		return r.string()
	}
	for strings.IndexByte(",]} \t\r\n", r.text[r.at]) < 0 { // a number, true, false or null
		r.at++
	}
	return nil
}

// name reads a member's name and remembers it among those of its object, which follow the outer ones.
//
// "The Header Parameter names within the JOSE Header MUST be unique" (RFC 7515, section 4); "the Claim Names within a
// JWT Claims Set MUST be unique" (RFC 7519, section 4).
func (r *reader) name(outer int) (string, error) {
	start := r.at
	if err := r.string(); err != nil {
		return "", err
	}
	name, ok := text(r.text[start:r.at])
	if !ok {
		return "", errors.New("json: the name of a member is not a string")
	}
	for i := range len(name) {
		if name[i] < 0x20 || name[i] > 0x7e {
			return "", errors.New("json: the name of a member is not printable ASCII")
		}
	}
	for _, other := range r.names[outer:] {
		if len(other) == len(name) && strings.EqualFold(other, name) {
			return "", twice(other, name)
		}
	}
	if r.names == nil {
		r.names = make([]string, 0, usualMembers)
	}
	if r.names = append(r.names, name); len(r.names)-outer > MaxMembers {
		return "", errMany
	}
	return name, nil
}

// string skips the string that begins here.
func (r *reader) string() error {
	for r.at++; r.text[r.at] != '"'; r.at++ {
		if r.text[r.at] != '\\' {
			continue
		}
		if err := r.escape(); err != nil {
			return err
		}
	}
	r.at++ // the quotation mark
	return nil
}

// escape moves to the last byte of the escape that begins here; a surrogate pair is one escape. Half a pair is not a
// character: "the behavior of software that receives JSON texts containing such values is unpredictable" (RFC 8259,
// section 8.2).
func (r *reader) escape() error {
	r.at++
	if r.text[r.at] != 'u' {
		return nil
	}
	const digits, pair = 4, len(`\u0000`)
	first := codeUnit(r.text[r.at+1:])
	r.at += digits
	if !utf16.IsSurrogate(first) {
		return nil
	}
	rest, second := bytes.CutPrefix(r.text[r.at+1:], []byte(`\u`))
	if !second || utf16.DecodeRune(first, codeUnit(rest)) == utf8.RuneError {
		return errors.New("json: half a surrogate pair")
	}
	r.at += pair
	return nil
}

// codeUnit reads four hexadecimal digits.
func codeUnit(digits []byte) rune {
	unit, _ := strconv.ParseUint(string(digits[:4]), 16, 16) // json.Valid has checked the digits
	return rune(unit)
}
