// Package docs holds the pages that the product itself serves.
package docs

import (
	_ "embed"
	"regexp"
	"sync"
)

// Errors is the catalogue of refusals, in Markdown. Each rule's id is an anchor of it.
//
//go:embed errors.md
var Errors []byte

// row is a rule's line in a table of the catalogue: its id, the codes, what was expected, how to mend it, the clause.
var row = regexp.MustCompile(`(?m)^\| <a id="([^"]+)"></a>.*? \| .*? \| .*? \| (.*) \| .*? \|$`)

// markup is what Markdown has beside the text: code marks, and links whose text alone is kept.
var markup = regexp.MustCompile("`|\\[([^\\]]*)\\]\\([^)]*\\)")

// Mend is how to mend what each rule refuses, by its id: the catalogue's words, as plain text.
var Mend = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for _, found := range row.FindAllSubmatch(Errors, -1) {
		all[string(found[1])] = markup.ReplaceAllString(string(found[2]), "$1")
	}
	return all
})
