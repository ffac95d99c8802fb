package yamlfile

import (
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/dcr-gateway/dcr-gateway/internal/nearest"
)

var plainNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

// scalar reads a value of a kind.
func (r *reader) scalar(node ast.Node, into reflect.Value, f *field) {
	k := f.kind
	if k.json {
		r.json(node, into, k)
		return
	}
	switch node = r.resolve(node); {
	case node == nil:
	case k.isText():
		r.text(node, into, f)
	case k.bool:
		if value, ok := node.(*ast.BoolNode); ok {
			into.SetBool(value.Value)
		} else {
			r.wrongType(node, k.words)
		}
	default:
		r.number(node, into, k)
	}
}

func (r *reader) text(node ast.Node, into reflect.Value, f *field) {
	k := f.kind
	text, ok := textOf(node)
	if !ok && r.loose {
		text, ok = wordOf(node)
	}
	switch {
	case ok && text == "" && r.loose && f.number == one && !f.required:
		into.SetZero()
	case !ok:
		r.wrongType(node, k.words)
	case r.secret(node.GetToken(), text):
	case k.Accepts(text):
		r.store(node.GetToken(), into, text, k)
	case k.enum != nil:
		r.add(node.GetToken(), "value.enum", "must be %s%s", k.words, nearest.Ask(text, k.enum))
	default:
		r.add(node.GetToken(), "value.form", "must be %s", k.words)
	}
}

// secret reports a value that is a key or a certificate.
func (r *reader) secret(tk *token.Token, text string) bool {
	found := strings.HasPrefix(strings.TrimSpace(text), "-----BEGIN")
	if found {
		r.add(tk, "secret.inline", "a key or certificate must not stand in the file: name a file that holds it")
	}
	return found
}

// store sets the model to a text that its kind accepts.
func (r *reader) store(tk *token.Token, into reflect.Value, text string, k *Kind) {
	switch target := into.Addr().Interface().(type) {
	case *string:
		*target = text
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil || d < k.least || d > k.most {
			r.add(tk, "duration.range", "must be a time from %s to %s", WriteDuration(k.least), WriteDuration(k.most))
			return
		}
		*target = d
	case interface{ UnmarshalText([]byte) error }:
		if err := target.UnmarshalText([]byte(text)); err != nil {
			r.add(tk, "value.form", "%v", err)
		}
	default: // a type of text
		into.SetString(text)
	}
}

func (r *reader) number(node ast.Node, into reflect.Value, k *Kind) {
	if float, ok := node.(*ast.FloatNode); ok && float.Value == math.Trunc(float.Value) {
		r.add(node.GetToken(), "number.form", "must be %s, in plain digits", k.words)
		return
	}
	if _, ok := node.(*ast.IntegerNode); !ok {
		r.wrongType(node, k.words)
		return
	}
	text := node.GetToken().Value
	number, err := strconv.ParseInt(text, 10, 32)
	switch {
	case !plainNumber.MatchString(text):
		r.add(node.GetToken(), "number.form", "must be %s, in plain digits", k.words)
	case err != nil || number < int64(k.min) || number > int64(k.max):
		r.add(node.GetToken(), "value.range", "must be %s", k.words)
	default:
		into.SetInt(number)
	}
}

// wrongType reports a value that has the wrong type.
func (r *reader) wrongType(node ast.Node, want string) {
	var is string
	switch node.(type) {
	case *ast.NullNode:
		r.add(node.GetToken(), "value.missing", "has no value; it must be %s", want)
		return
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		is = "a number here: write it in quotes, or with its unit"
	case *ast.BoolNode:
		is = "true or false here: write it in quotes, if it is a word"
	case *ast.MappingNode:
		is = "an object here"
	case *ast.SequenceNode:
		is = "a list here"
	default:
		is = "a text here"
	}
	r.add(start(node), "value.type", "is %s; it must be %s", is, want)
}

// textOf returns the text of a node, if it is a text.
func textOf(node ast.Node) (text string, ok bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	}
	return "", false
}

// wordOf returns a number, true or false as written in the file.
func wordOf(node ast.Node) (text string, ok bool) {
	switch node.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return node.GetToken().Value, true
	}
	return "", false
}
