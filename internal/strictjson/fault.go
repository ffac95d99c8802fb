package strictjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// notThat says what a document is in place of an object or an array.
func notThat(bracket, first byte) error {
	is := "it is not an " + map[byte]string{'{': "object", '[': "array"}[bracket]
	switch first {
	case 0:
		is = "it is empty"
	case '{':
		is = "it is an object"
	case '[':
		is = "it is an array"
	case '"':
		is = "it is a string"
	case "\ufeff"[0]:
		is = "it begins with a byte order mark"
	}
	return errors.New("json: " + is)
}

// fault says what is wrong with a document that is not JSON, and at which character, counted from 1.
func fault(document []byte) error {
	var wrong *json.SyntaxError
	if !errors.As(json.Unmarshal(document, new(json.RawMessage)), &wrong) {
		return errors.New("json: it is not JSON")
	}
	before, rest := document[:wrong.Offset-1], document[wrong.Offset-1:] // an offset is after the byte that does not belong
	at := utf8.RuneCount(before) + 1
	switch {
	case strings.HasPrefix(wrong.Error(), "unexpected end"):
		return errors.New("json: it ends too early")
	case strings.HasSuffix(wrong.Error(), "after top-level value"):
		return fmt.Errorf("json: something follows the object at character %d", at)
	case (rest[0] == '}' || rest[0] == ']') && strings.HasSuffix(strings.TrimRight(string(before), " \t\r\n"), ","):
		return fmt.Errorf("json: a comma stands before the closing bracket at character %d", at)
	case rest[0] == '\'':
		return fmt.Errorf("json: quotation marks must be double, not single as at character %d", at)
	}
	return fmt.Errorf("json: it is not JSON from character %d on", at)
}

// maxNamed is the longest name that an error quotes.
const maxNamed = 64

// ordinary are the bytes of names that an error quotes.
const ordinary = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.#"

// twice names a member whose name is there already, perhaps in another case.
func twice(first, second string) error {
	switch {
	case first == "" || len(first) > maxNamed || strings.Trim(first, ordinary) != "":
		return errors.New("json: two members have one name")
	case first == second:
		return fmt.Errorf("json: %s is named twice", first)
	}
	return fmt.Errorf("json: %s and %s count as one name", first, second)
}
