package yamlfile

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// A Check finds what contradicts itself in a file whose form has been read. It says nothing about what the reader has
// found to be wrong already, nor about what is missing because its key is misspelt.
type Check struct {
	*Source
	body     ast.Node // the document, until it has been read into a value
	found    Problems
	partial  bool            // the reader stopped before the end
	wrong    map[string]bool // paths of what is wrong in itself
	above    map[string]bool // paths of what that is a part of
	misspelt map[string]bool // paths of objects with a key that is not what it should be
}

func newCheck(source *Source) *Check {
	return &Check{Source: source, wrong: map[string]bool{}, above: map[string]bool{}, misspelt: map[string]bool{}}
}

// Whole says whether the file was read to its end. Where it was not, the value holds only a part of it, and there is no
// point in checking that.
func (c *Check) Whole() bool { return !c.partial }

// stop ends the reading of a file with the problem for which it cannot be read.
func (c *Check) stop(problem *Problem) { c.found, c.partial = Problems{problem}, true }

// extends returns the name of the file that this one extends; "" if it stands alone.
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

// know remembers what the reader has found, so that nothing that follows from it is reported too.
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

// Sound says whether the reader found nothing wrong with a value, with anything in it, or with what it is in.
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

// Complete says whether the keys of an object are all known: neither they nor the object's own key is misspelt.
func (c *Check) Complete(where string) bool {
	return !c.wrong[where] && !c.misspelt[where] && (!c.misspelt[""] || c.Has(where))
}

// Add notes what is wrong at a YAML path, unless the reader has found something wrong there already.
func (c *Check) Add(id, where, what string, arguments ...any) {
	if c.Sound(where) {
		problem := &Problem{ID: id, Severity: Error, Where: where, What: fmt.Sprintf(what, arguments...)}
		c.place(problem)
		c.found = append(c.found, problem)
	}
}

// Problems returns everything that is wrong, in the order of the lines, each with the text of its line.
func (c *Check) Problems() Problems {
	c.found.Sort()
	c.show(c.found)
	return c.found
}

// Err returns Problems as an error; nil where nothing is wrong.
func (c *Check) Err() error {
	if len(c.found) == 0 {
		return nil
	}
	return c.Problems()
}

func parentOf(where string) string { return where[:max(strings.LastIndexAny(where, ".["), 0)] }
