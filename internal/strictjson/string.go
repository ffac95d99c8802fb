package strictjson

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// name reads a member's name and remembers it, folded, among those of its object.
//
// "The Header Parameter names within the JOSE Header MUST be unique" (RFC 7515, section 4); "the Claim Names within a
// JWT Claims Set MUST be unique" (RFC 7519, section 4).
func (w *walk) name(names map[string]struct{}) (string, error) {
	quoted, err := w.string()
	if err != nil {
		return "", err
	}
	name := quoted[1 : len(quoted)-1]
	if strings.Contains(name, `\`) {
		if err := json.Unmarshal([]byte(quoted), &name); err != nil {
			return "", errors.New("json: not well-formed")
		}
	}
	for i := range len(name) {
		if name[i] < 0x20 || name[i] > 0x7e {
			return "", errors.New("json: the name of a member is not printable ASCII")
		}
	}
	folded := strings.ToLower(name)
	if _, seen := names[folded]; seen {
		return "", errors.New("json: two members have one name")
	}
	names[folded] = struct{}{}
	return name, nil
}

// string reads the string that begins here and returns it with its quotes.
func (w *walk) string() (string, error) {
	start := w.at
	w.at++
	for w.text[w.at] != '"' {
		if w.text[w.at] != '\\' {
			w.at++
			continue
		}
		length, whole := escape(w.text[w.at:])
		if !whole {
			return "", errors.New("json: half a surrogate pair")
		}
		w.at += length
	}
	w.at++
	return w.text[start:w.at], nil
}

// escape measures the escape that text begins with, a surrogate pair being one. Half a pair is no character: "the
// behavior of software that receives JSON texts containing such values is unpredictable" (RFC 8259, section 8.2).
func escape(text string) (length int, whole bool) {
	if text[1] != 'u' {
		return len(`\n`), true
	}
	first := codeUnit(text)
	if !utf16.IsSurrogate(first) {
		return len(`\u0000`), true
	}
	rest := text[len(`\u0000`):]
	if !strings.HasPrefix(rest, `\u`) {
		return 0, false
	}
	return 2 * len(`\u0000`), utf16.DecodeRune(first, codeUnit(rest)) != utf8.RuneError
}

// codeUnit reads the four digits of the \u escape that text begins with.
func codeUnit(text string) rune {
	unit, err := strconv.ParseUint(text[len(`\u`):len(`\u0000`)], 16, 16)
	if err != nil {
		return utf8.RuneError
	}
	return rune(unit)
}

// literal measures the number, true, false or null that text begins with. Something always follows it, as it stands in
// an object.
func literal(text string) int { return strings.IndexAny(text, " \t\r\n,]}") }
