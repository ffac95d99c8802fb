package docs_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// keysOf are the keys that the reader knows of an object.
func keysOf(model any) []string {
	var keys []string
	for field := range reflect.TypeOf(model).Fields() {
		if key, known := field.Tag.Lookup("yaml"); known {
			keys = append(keys, key)
		}
	}
	return keys
}

var (
	codeRow = regexp.MustCompile("(?m)^\\| (`[a-z0-9._-]+` \\| .*) \\|$")
	code    = regexp.MustCompile("`([^`]+)`")
)

// textOf is a page's text.
func textOf(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// rowsOf are the cells of a text's rows that begin with a name.
func rowsOf(text string) [][]string {
	var rows [][]string
	for _, row := range codeRow.FindAllStringSubmatch(text, -1) {
		rows = append(rows, strings.Split(row[1], " | "))
	}
	return rows
}

// namesIn are the names that a cell has.
func namesIn(cell string) []string {
	var names []string
	for _, match := range code.FindAllStringSubmatch(cell, -1) {
		names = append(names, match[1])
	}
	return names
}

// holdRows fails unless there is exactly one row for each name.
func holdRows(t *testing.T, part, text string, want []string) {
	t.Helper()
	var have []string
	for _, row := range rowsOf(text) {
		have = append(have, namesIn(row[0])...)
	}
	slices.Sort(have)
	if want = slices.Sorted(slices.Values(want)); !slices.Equal(have, want) {
		t.Errorf("%s: rows %q, want %q", part, have, want)
	}
}
