// Package strictyaml reads the YAML files of administrators: exactly one document, without a key that means nothing, and
// without what YAML has for other purposes than writing down what is meant.
package strictyaml

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
)

// What a file is that does not hold exactly one document.
var (
	ErrEmpty = errors.New("the file is empty")
	ErrMore  = errors.New("a second document follows the first")
)

// Decode reads the one document of a text over what the value holds already. Keys that mean nothing are told all at once, as
// Unknown; what else is wrong inside the document, such as a repeated key or a wrong type, is of type *Error. Anchors,
// aliases and tags are refused: with them a text of a few lines can stand for one without end.
func Decode(text []byte, into any) error {
	if len(text) > maxText {
		return &Error{What: "the file is larger than 256 KiB"}
	}
	if !utf8.Valid(text) {
		return &Error{What: "the file is not UTF-8"}
	}
	var guard guard
	for _, token := range lexer.Tokenize(string(text)) {
		if what := guard.refuse(token); what != "" {
			return errorAt(token, what)
		}
	}
	if unknown := unknownKeys(text, reflect.TypeOf(into)); len(unknown) > 0 {
		return unknown
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict())
	if err := decoder.Decode(into); errors.Is(err, io.EOF) {
		return ErrEmpty
	} else if err != nil {
		return located(err)
	}
	// The library reads the first document and is silent about a second one.
	var more any
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return ErrMore
	}
	return nil
}
