package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// name reads a member's name and remembers it among those of its object.
//
// "The Header Parameter names within the JOSE Header MUST be unique" (RFC 7515, section 4); "the Claim Names within a
// JWT Claims Set MUST be unique" (RFC 7519, section 4).
func (r *reader) name(names *[]string) (string, error) {
	quoted, err := r.string()
	if err != nil {
		return "", err
	}
	name, ok := text(quoted)
	if !ok {
		return "", errForm
	}
	for i := range len(name) {
		if name[i] < 0x20 || name[i] > 0x7e {
			return "", errors.New("json: the name of a member is not printable ASCII")
		}
	}
	for _, other := range *names {
		if len(other) == len(name) && strings.EqualFold(other, name) {
			return "", errors.New("json: two members have one name")
		}
	}
	if *names = append(*names, name); len(*names) > MaxMembers {
		return "", errMany
	}
	return name, nil
}

// string reads the string that begins here and returns it with its quotes.
func (r *reader) string() (json.RawMessage, error) {
	if r.peek() != '"' {
		return nil, errForm
	}
	start := r.at
	r.at++
	for {
		switch c := r.peek(); {
		case c == '"':
			r.at++
			return r.text[start:r.at], nil
		case c == '\\':
			if err := r.escape(); err != nil {
				return nil, err
			}
		case c < 0x20: // the end, or a control character, which "MUST be escaped" (RFC 8259, section 7)
			return nil, errForm
		default:
			r.at++
		}
	}
}

// escape steps over the escape that begins here, a surrogate pair being one. Half a pair is no character: "the behavior
// of software that receives JSON texts containing such values is unpredictable" (RFC 8259, section 8.2).
func (r *reader) escape() error {
	if r.at+1 < len(r.text) && bytes.IndexByte([]byte(`"\/bfnrt`), r.text[r.at+1]) >= 0 {
		r.at += len(`\n`)
		return nil
	}
	first, ok := r.codeUnit()
	if !ok {
		return errForm
	}
	if !utf16.IsSurrogate(first) {
		return nil
	}
	if second, ok := r.codeUnit(); !ok || utf16.DecodeRune(first, second) == utf8.RuneError {
		return errors.New("json: half a surrogate pair")
	}
	return nil
}

// codeUnit reads \u and four hexadecimal digits.
func (r *reader) codeUnit() (unit rune, ok bool) {
	rest := r.text[r.at:]
	if len(rest) < len(`\u0000`) || rest[0] != '\\' || rest[1] != 'u' {
		return 0, false
	}
	for _, c := range rest[2:6] {
		digit := strings.IndexByte("0123456789abcdef", c|0x20) // folds A to F; no digit is changed by it
		if digit < 0 || c < '0' {
			return 0, false
		}
		unit = unit<<4 | rune(digit)
	}
	r.at += len(`\u0000`)
	return unit, true
}
