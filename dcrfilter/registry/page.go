package registry

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"

	"github.com/dcr-gateway/dcr-gateway/docs"
)

const (
	pageHead = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Why was my request refused?</title>` +
		`<style>body{font:16px/1.5 sans-serif;max-width:90em;margin:2em auto;padding:0 1em}table{border-collapse:collapse}` +
		`td,th{border:1px solid #ccc;padding:.3em .6em;text-align:left;vertical-align:top}tr:has(:target){background:#ffd}</style></head><body>`
	pageFoot = "</body></html>\n"

	// pageMaxAge is in seconds: the page changes with the program alone.
	pageMaxAge = 3600
)

// errorsPage is the catalogue of refusals as a browser shows it, made once: it changes with the program alone. It is a page
// of our own, in which HTML is meant.
var errorsPage = sync.OnceValues(func() ([]byte, error) {
	page := bytes.NewBufferString(pageHead)
	markdown := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithRendererOptions(html.WithUnsafe()))
	if err := markdown.Convert(docs.Errors, page); err != nil {
		return nil, fmt.Errorf("registry: the catalogue of refusals: %w", err)
	}
	page.WriteString(pageFoot)
	return page.Bytes(), nil
})

// errors answers with the page that explains refusals.
func (g *Registry) errors(context.Context, *request) (answer, error) {
	return answer{status: http.StatusOK, body: g.page, header: http.Header{
		"Content-Type":            {"text/html; charset=utf-8"},
		"Cache-Control":           {fmt.Sprintf("public, max-age=%d", pageMaxAge)},
		"Content-Security-Policy": {"default-src 'none'; style-src 'unsafe-inline'"},
		"X-Content-Type-Options":  {"nosniff"},
	}}, nil
}
