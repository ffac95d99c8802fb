package outbound

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/dcr-gateway/dcr-gateway/internal/trace"
)

// describe says which document is fetched, without the query of its URL, which may hold a secret.
func describe(span *trace.Span, of *url.URL) {
	if span == nil {
		return
	}
	port, err := strconv.Atoi(of.Port())
	if err != nil {
		port = 443
	}
	span.Set(
		trace.Text("http.request.method", http.MethodGet),
		trace.Text("server.address", of.Hostname()), trace.Number("server.port", port),
		trace.Text("url.full", (&url.URL{Scheme: of.Scheme, Host: of.Host, Path: of.Path, RawPath: of.RawPath}).String()),
	)
}

// finish says how the fetch ended.
func finish(span *trace.Span, status int, err error) {
	if span == nil {
		return
	}
	span.Set(trace.Number("http.response.status_code", status))
	switch {
	case status >= http.StatusBadRequest:
		span.Fail(strconv.Itoa(status))
	case err != nil:
		span.Fail("document")
	}
}
