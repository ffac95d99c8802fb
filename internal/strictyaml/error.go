package strictyaml

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/token"
)

// Error is what is wrong inside a document, and where.
type Error struct {
	Line, Column int // from 1; 0 where the library does not know
	What         string
}

// Error says line and column, and what is wrong.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.What
	}
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.What)
}

func errorAt(tk *token.Token, what string) *Error {
	e := &Error{What: what}
	if tk != nil && tk.Position != nil {
		e.Line, e.Column = tk.Position.Line, tk.Position.Column
	}
	return e
}

// located takes the place out of an error of the library's, and the lines around it away.
func located(err error) error {
	if mistyped, ok := errors.AsType[*yaml.TypeError](err); ok {
		return errorAt(mistyped.Token, keyBefore(mistyped.Token)+"must be "+called(mistyped.DstType)+", and is "+called(mistyped.SrcType))
	}
	if large, ok := errors.AsType[*yaml.OverflowError](err); ok {
		return errorAt(large.Token, "the number is too large or too small")
	}
	if known, ok := errors.AsType[yaml.Error](err); ok {
		return errorAt(known.GetToken(), known.GetMessage())
	}
	if strings.HasPrefix(err.Error(), "time: ") { // of time.ParseDuration, which repeats what it was given
		return &Error{What: "a duration must be written as 30m or 1h30m"}
	}
	return &Error{What: err.Error()}
}

// keyBefore is the key that a value stands behind, with a space; nothing where it stands behind none.
func keyBefore(tk *token.Token) string {
	if tk == nil || tk.Prev == nil || tk.Prev.Type != token.MappingValueType || tk.Prev.Prev == nil {
		return ""
	}
	return tk.Prev.Prev.Value + " "
}

// called says what an administrator calls a type.
func called(t reflect.Type) string {
	if t == nil {
		return "nothing"
	}
	if t == reflect.TypeFor[time.Duration]() {
		return "a duration, as 30m"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return called(t.Elem())
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	case reflect.Interface:
		return "anything else"
	default:
		return "a number"
	}
}
