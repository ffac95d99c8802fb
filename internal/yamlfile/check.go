package yamlfile

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// A Check collects the contradictions in a file whose form has been read. It does not report what the reader has
// already refused, nor values that are missing because their keys are misspelt.
type Check struct {
	*Source
	body     ast.Node // the document, until it has been read into a value
	found    Problems
	partial  bool            // the reader stopped before the end
	wrong    map[string]bool // paths that have a problem
	above    map[string]bool // paths of objects and lists around a problem
	misspelt map[string]bool // paths of objects with a misspelt key
}

func newCheck(source *Source) *Check {
	return &Check{Source: source, wrong: map[string]bool{}, above: map[string]bool{}, misspelt: map[string]bool{}}
}

// Whole reports whether the file was read to its end. Otherwise the value is incomplete and must not be checked.
func (c *Check) Whole() bool { return !c.partial }

// stop ends the reading of a file with the problem for which it cannot be read.
func (c *Check) stop(problem *Problem) { c.found, c.partial = Problems{problem}, true }

// extends returns the name of the file that this one extends, or "".
func (c *Check) extends() string {
	mapping, ok := c.body.(*ast.MappingNode)
	if !ok {
		return ""
	}
	for _, entry := range mapping.Values {
		if entry.Key.GetToken().Value == "extends" {
			name, _ := textOf(entry.Value)
			return name
		}
	}
	return ""
}

// know records a problem of the reader, so that its consequences are not reported too.
func (c *Check) know(form *Problem) {
	c.wrong[form.Where] = true
	parent := parentOf(form.Where)
	switch form.ID {
	case "key.unknown", "key.name", "yaml.duplicate":
		c.misspelt[parent] = true
	}
	for ; parent != "" && !c.above[parent]; parent = parentOf(parent) {
		c.above[parent] = true
	}
}

// Sound reports whether the reader found no problem in a value, in its parts, or around it.
func (c *Check) Sound(where string) bool {
	if len(c.wrong) == 0 {
		return true
	}
	if c.above[where] || c.misspelt[parentOf(where)] && !c.Has(where) {
		return false
	}
	for ; where != ""; where = parentOf(where) {
		if c.wrong[where] {
			return false
		}
	}
	return !c.wrong[""]
}

// Complete reports whether all keys of an object are known and neither they nor the object's own key is misspelt.
func (c *Check) Complete(where string) bool {
	return !c.wrong[where] && !c.misspelt[where] && (!c.misspelt[""] || c.Has(where))
}

// Add reports a problem at a YAML path, unless the reader has already found one there.
func (c *Check) Add(id, where, what string, arguments ...any) {
	if c.Sound(where) {
		problem := &Problem{ID: id, Severity: Error, Where: where, What: fmt.Sprintf(what, arguments...)}
		c.place(problem)
		c.found = append(c.found, problem)
	}
}

// Problems returns all problems in the order of their lines, each with the text of its line.
func (c *Check) Problems() Problems {
	c.found.Sort()
	c.show(c.found)
	return c.found
}

// Err returns Problems as an error, or nil if there are none.
func (c *Check) Err() error {
	if len(c.found) == 0 {
		return nil
	}
	return c.Problems()
}

func parentOf(where string) string { return where[:max(strings.LastIndexAny(where, ".["), 0)] }
