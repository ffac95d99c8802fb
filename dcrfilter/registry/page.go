package registry

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// pageMaxAge is in seconds. The page changes only with the program.
const pageMaxAge = 3600

//go:embed errors.html
var errorsTemplate string

// errorsPage is the catalogue of refusals as HTML, rendered once.
var errorsPage = sync.OnceValues(func() ([]byte, error) {
	sections, err := dcr.Catalogue()
	if err != nil {
		return nil, err
	}
	page, err := template.New("errors.html").Funcs(template.FuncMap{"spans": spans, "anchor": anchor}).Parse(errorsTemplate)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = page.Execute(&text, sections)
	return text.Bytes(), err
})

// span is a part of a text: prose or code.
type span struct {
	Text string
	Code bool
}

// spans splits a text at its backticks, which surround code.
func spans(text string) []span {
	var parts []span
	for i, part := range strings.Split(text, "`") {
		parts = append(parts, span{part, i%2 == 1})
	}
	return parts
}

func anchor(title string) string { return strings.ReplaceAll(strings.ToLower(title), " ", "-") }

// errors answers with the page that explains refusals.
func (e *edition) errors(context.Context, *request) (answer, error) {
	return answer{status: http.StatusOK, body: e.page, header: http.Header{
		"Content-Type":            {"text/html; charset=utf-8"},
		"Cache-Control":           {fmt.Sprintf("public, max-age=%d", pageMaxAge)},
		"Content-Security-Policy": {"default-src 'none'; style-src 'unsafe-inline'"},
		"X-Content-Type-Options":  {"nosniff"},
	}}, nil
}
