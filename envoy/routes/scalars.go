package routes

import (
	"errors"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// checkScalars refuses what the decoder takes or refuses without saying where.
//
// A number: no key of the file is one, so it stands where a string should be, and YAML has changed it already (an
// audience 0010 reads as 8, a path 1.10 as 1.1). A value left out: a line somebody has not finished. A duration or a
// size that is none.
func checkScalars(source []byte) error {
	file, err := parser.ParseBytes(source, 0)
	if err != nil {
		return err
	}
	var found scalars
	for _, document := range file.Docs {
		ast.Walk(&found, document)
	}
	return errors.Join(found...)
}

type scalars []error

// Visit implements ast.Visitor.
func (s *scalars) Visit(node ast.Node) ast.Visitor {
	switch node := node.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		*s = append(*s, problemAt(node, "is a number here: write it in quotes, or with its unit"))
	case *ast.NullNode:
		*s = append(*s, problemAt(node, "has no value"))
	case *ast.MappingValueNode:
		if value, ok := node.Value.(*ast.StringNode); ok && !isMeasure(node.Key.String(), value.Value) {
			*s = append(*s, problemAt(value, "must have a unit: 300ms or 5s for a time, 16KiB or 512B for a size"))
		}
	}
	return s
}

func isMeasure(key, value string) bool {
	var err error
	switch key {
	case "timeout", "lifetime":
		_, err = time.ParseDuration(value)
	case "body_limit":
		err = new(Size).UnmarshalText([]byte(value))
	}
	return err == nil
}
