// Package strictjson reads JSON for security decisions: every member exactly once, under exactly its name. Use it for
// everything that a client, a directory or another server sends; encoding/json is enough for what this product wrote.
//
// encoding/json takes the last of two members with the same name, ignores case in names (also by Unicode folding: "ſub"
// is "sub") and replaces broken UTF-8 and half surrogate pairs. RFC 7515 (section 4) and RFC 7519 (section 4) allow a
// reader to refuse duplicates. This package does, so that two readers cannot understand one document differently.
package strictjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// Errors of a member's accessor. They name the member, never its value.
var (
	ErrMissing = errors.New("is missing")
	ErrType    = errors.New("has the wrong type")
)

// Object is a JSON object, made by Parse. Its values are well-formed JSON that has not been decoded.
type Object map[string]json.RawMessage

// Has reports whether the member is present, whatever its value.
func (o Object) Has(name string) bool { _, ok := o[name]; return ok }

// String returns a member that must be a JSON string.
func (o Object) String(name string) (string, error) {
	raw, ok := o[name]
	if !ok {
		return "", fmt.Errorf("%s %w", name, ErrMissing)
	}
	value, ok := text(raw)
	if !ok {
		return "", fmt.Errorf("%s %w: want a string", name, ErrType)
	}
	return value, nil
}

// Strings returns a member that must be an array of strings. An empty array is returned as an empty, non-nil slice.
func (o Object) Strings(name string) ([]string, error) {
	raw, err := o.elements(name)
	if err != nil {
		return nil, err
	}
	values := make([]string, len(raw))
	for i, r := range raw {
		value, ok := text(r)
		if !ok {
			return nil, fmt.Errorf("%s/%d %w: want a string", name, i, ErrType)
		}
		values[i] = value
	}
	return values, nil
}

// Int returns a member that must be an integer literal: no fraction, no exponent, no string, no -0.
func (o Object) Int(name string) (int64, error) {
	raw, ok := o[name]
	if !ok {
		return 0, fmt.Errorf("%s %w", name, ErrMissing)
	}
	value, err := strconv.ParseInt(string(raw), 10, 64)
	// Every integer has one literal. ParseInt alone also reads +1, 01 and -0.
	if err != nil || strconv.FormatInt(value, 10) != string(raw) {
		return 0, fmt.Errorf("%s %w: want an integer", name, ErrType)
	}
	return value, nil
}

// Float returns a member that must be a JSON number.
func (o Object) Float(name string) (float64, error) {
	raw, ok := o[name]
	if !ok {
		return 0, fmt.Errorf("%s %w", name, ErrMissing)
	}
	value, err := strconv.ParseFloat(string(raw), 64)
	// Parse has checked the grammar. ParseFloat would also read what is no number of JSON, which begins with a letter.
	if first := string(raw[:min(len(raw), 1)]); err != nil || first != "-" && (first < "0" || first > "9") {
		return 0, fmt.Errorf("%s %w: want a number", name, ErrType)
	}
	return value, nil
}

// Bool returns a member that must be true or false.
func (o Object) Bool(name string) (bool, error) {
	switch raw, ok := o[name]; {
	case !ok:
		return false, fmt.Errorf("%s %w", name, ErrMissing)
	case string(raw) == "true":
		return true, nil
	case string(raw) == "false":
		return false, nil
	}
	return false, fmt.Errorf("%s %w: want true or false", name, ErrType)
}

// Object returns a member that must be a JSON object.
func (o Object) Object(name string) (Object, error) {
	raw, ok := o[name]
	if !ok {
		return nil, fmt.Errorf("%s %w", name, ErrMissing)
	}
	object, err := Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%s %w: want an object", name, ErrType)
	}
	return object, nil
}

// Objects returns a member that must be an array of objects.
func (o Object) Objects(name string) ([]Object, error) {
	raw, err := o.elements(name)
	if err != nil {
		return nil, err
	}
	objects := make([]Object, len(raw))
	for i, r := range raw {
		if objects[i], err = Parse(r); err != nil {
			return nil, fmt.Errorf("%s/%d %w: want an object", name, i, ErrType)
		}
	}
	return objects, nil
}

// elements returns the items of a member that must be an array.
func (o Object) elements(name string) ([]json.RawMessage, error) {
	raw, ok := o[name]
	if !ok {
		return nil, fmt.Errorf("%s %w", name, ErrMissing)
	}
	values, err := parseArray(raw)
	if err != nil {
		return nil, fmt.Errorf("%s %w: want an array", name, ErrType)
	}
	return values, nil
}

// text decodes a JSON string. Most are plain ASCII and need no decoder.
func text(raw json.RawMessage) (value string, ok bool) {
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return "", false
	}
	inner := raw[1 : len(raw)-1]
	for _, c := range inner {
		if c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			err := json.Unmarshal(raw, &value)
			return value, err == nil
		}
	}
	return string(inner), true
}
