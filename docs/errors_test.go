package docs_test

import (
	"bytes"
	"testing"
	"text/template"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// The page on refusals is what the catalogue says.
func TestErrors(t *testing.T) {
	sections, err := dcr.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := template.Must(template.ParseFiles("testdata/errors.md.tmpl")).Execute(&page, sections); err != nil {
		t.Fatal(err)
	}
	holdPage(t, "errors.md", page.Bytes())
}
