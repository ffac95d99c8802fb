package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/trace"
)

// maxETag is how long an ETag may be that we keep and send back.
const maxETag = 256

// Errors of Get for a server that has answered as it means to, so that asking again soon will not help.
var (
	ErrGone     = errors.New("the server answered that there is no such document") // 404 or 410
	ErrTooLarge = fmt.Errorf("the document is larger than the %d bytes that are read", maxBody)
)

// Body is a 200 response, or NotModified if the ETag is still current.
type Body struct {
	Bytes       []byte
	ETag        string
	MaxAge      time.Duration // of Cache-Control: 0 if it has none, a second if the response must not be stored
	NotModified bool
}

// Get fetches a JSON document. Any status but 200 (or 304 for an etag), a body over the limit and a timeout are errors.
// Errors quote neither the URL nor the response body. Errors: ErrForbidden, ErrGone, ErrTooLarge, and those of a failed fetch.
func (c *Client) Get(ctx context.Context, rawURL, etag string) (Body, error) {
	begun := time.Now()
	body, err := c.get(ctx, rawURL, etag)
	if c.fetched != nil {
		c.fetched(err, body.NotModified, time.Since(begun))
	}
	return body, err
}

func (c *Client) get(ctx context.Context, rawURL, etag string) (Body, error) {
	if err := c.Allows(rawURL); err != nil {
		return Body{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.maxTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
	if err != nil {
		return Body{}, fmt.Errorf("%w: the URL is not a well-formed https URL", ErrForbidden)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "dcr-gateway")
	if etag != "" {
		request.Header.Set("If-None-Match", etag)
	}
	return c.do(request, etag)
}

// do sends the request, in a span of its own. The server is a stranger's, so that it is not told the trace.
func (c *Client) do(request *http.Request, etag string) (Body, error) {
	_, span := trace.Child(request.Context(), trace.Client, request.Method)
	defer span.End()
	describe(span, request.URL)
	response, err := c.http.Do(request)
	if err != nil {
		span.Fail("connection")
		return Body{}, fmt.Errorf("fetch: %w", withoutURL(err))
	}
	defer response.Body.Close()
	body, err := read(response, etag)
	finish(span, response.StatusCode, err)
	return body, err
}

// withoutURL unwraps url.Error, which quotes the URL.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

func read(response *http.Response, etag string) (Body, error) {
	body := Body{ETag: response.Header.Get("ETag"), MaxAge: maxAge(response.Header.Values("Cache-Control"))}
	if len(body.ETag) > maxETag {
		body.ETag = ""
	}
	switch {
	case response.StatusCode == http.StatusNotModified && etag != "":
		body.NotModified = true
		return body, nil
	case response.StatusCode == http.StatusNotFound, response.StatusCode == http.StatusGone:
		return Body{}, fmt.Errorf("%w (%d)", ErrGone, response.StatusCode)
	case response.StatusCode != http.StatusOK:
		return Body{}, fmt.Errorf("fetch: the server answered %d", response.StatusCode)
	case response.Header.Get("Content-Encoding") != "": // we asked for none
		return Body{}, errors.New("fetch: the answer is encoded")
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err != nil {
		return Body{}, fmt.Errorf("fetch: %w", withoutURL(err))
	}
	if len(content) > maxBody {
		return Body{}, ErrTooLarge
	}
	body.Bytes = content
	return body, nil
}

// maxAge reads Cache-Control (RFC 9111, section 5.2.2). no-store, no-cache and malformed values mean the shortest time: we
// may store a response for less time than allowed, never for more.
func maxAge(values []string) time.Duration {
	shortest := time.Duration(0)
	for directive := range strings.SplitSeq(strings.ToLower(strings.Join(values, ",")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		age := time.Second
		switch name {
		case "no-store", "no-cache":
		case "max-age":
			seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31)
			if err == nil {
				age = max(age, time.Duration(seconds)*time.Second)
			}
		default:
			continue
		}
		if shortest == 0 || age < shortest {
			shortest = age
		}
	}
	return shortest
}
