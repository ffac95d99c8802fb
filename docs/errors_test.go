package docs_test

import (
	"bytes"
	"strings"
	"testing"
	"text/template"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// The page on refusals is generated from the catalogue.
func TestErrors(t *testing.T) {
	sections, err := dcr.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := template.Must(template.New("errors.md.tmpl").Funcs(template.FuncMap{"wrap": wrap}).ParseFiles("testdata/errors.md.tmpl")).Execute(&page, sections); err != nil {
		t.Fatal(err)
	}
	holdPage(t, "errors.md", page.Bytes())
}

// wrap breaks a paragraph into lines of at most 120 characters.
func wrap(paragraph string) string {
	var text strings.Builder
	width := 0
	for word := range strings.FieldsSeq(paragraph) {
		if width > 0 && width+1+len(word) > 120 {
			text.WriteByte('\n')
			width = 0
		} else if width > 0 {
			text.WriteByte(' ')
			width++
		}
		text.WriteString(word)
		width += len(word)
	}
	return text.String()
}
