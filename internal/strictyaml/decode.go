// Package strictyaml reads the YAML files of administrators: exactly one document, without a key that means nothing.
package strictyaml

import (
	"bytes"
	"errors"
	"io"

	"github.com/goccy/go-yaml"
)

// What a file is that does not hold exactly one document.
var (
	ErrEmpty = errors.New("the file is empty")
	ErrMore  = errors.New("a second document follows the first")
)

// Decode reads the one document of a text over what the value holds already. Unknown and repeated keys and wrong types
// are errors of the library, with line, column and the lines around them.
func Decode(text []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict())
	if err := decoder.Decode(into); errors.Is(err, io.EOF) {
		return ErrEmpty
	} else if err != nil {
		return err
	}
	// The library reads the first document and is silent about a second one.
	var more any
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return ErrMore
	}
	return nil
}
