package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Items returns the items of the array that a JSON object has under the name. Parse each item that must be an object: one
// that Parse refuses does not spoil the others. Items checks only that the document is JSON and has the member once.
func Items(document []byte, name string) ([]json.RawMessage, error) {
	start := &reader{text: document}
	if first := start.next(); first != '{' {
		return nil, notThat('{', first)
	}
	if !json.Valid(document) {
		return nil, fault(document)
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	_, _ = decoder.Token() // the brace; no step fails from here on, because the document is JSON
	var array json.RawMessage
	for decoder.More() {
		member, _ := decoder.Token()
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, fault(document)
		}
		if text, _ := member.(string); !strings.EqualFold(text, name) {
			continue
		} else if array != nil {
			return nil, fmt.Errorf("json: %s is named twice", name)
		} else if text == name {
			array = value
		}
	}
	if array == nil {
		return nil, fmt.Errorf("%s %w", name, ErrMissing)
	}
	var items []json.RawMessage
	if err := json.Unmarshal(array, &items); err != nil || items == nil {
		return nil, fmt.Errorf("%s %w: want an array", name, ErrType)
	}
	return items, nil
}
