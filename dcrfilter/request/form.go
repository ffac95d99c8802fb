package request

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

const (
	mediaType     = "application/x-www-form-urlencoded"
	maxParameters = 32
)

// Form holds the parameters of a request to an OAuth endpoint. It omits parameters without a value.
type Form map[string]string

// Has reports whether the request has the parameter with a value.
func (f Form) Has(name string) bool { return f[name] != "" }

// Value returns the parameter's value, or "" if it is absent.
func (f Form) Value(name string) string { return f[name] }

// ReadForm reads a form (RFC 6749, appendix B). The gate and the registry both use it, so that they see the same parameters. It refuses a form that two readers could understand in two ways. header is
// that of the request; query is the part of the path after the question mark. Its errors are refusals (*dcr.Error).
func ReadForm(header http.Header, query string, body []byte) (Form, error) {
	if err := checkMediaType(header.Values("Content-Type")); err != nil {
		return nil, err
	}
	// "The parameters can only be transmitted in the request-body and MUST NOT be included in the request URI." (RFC 6749,
	// section 2.3.1)
	if query != "" {
		return nil, dcr.Refuse("form.query")
	}
	form, seen := Form{}, map[string]bool{}
	for pair := range strings.SplitSeq(string(body), "&") {
		if pair == "" {
			continue
		}
		name, value, err := decodePair(pair)
		if err != nil {
			return nil, err
		}
		// "Request and response parameters MUST NOT be included more than once." (RFC 6749, section 3.2)
		if seen[name] {
			return nil, dcr.Refuse("form.duplicate")
		}
		if seen[name] = true; len(seen) > maxParameters {
			return nil, dcr.Refuse("form.size")
		}
		// "Parameters sent without a value MUST be treated as if they were omitted from the request." (RFC 6749, section 3.2)
		if value != "" {
			form[name] = value
		}
	}
	return form, nil
}

// "using the "application/x-www-form-urlencoded" format per Appendix B with a character encoding of UTF-8 in the HTTP
// request entity-body" (RFC 6749, section 4.4.2). "utf8" is a label of UTF-8 too (Encoding Standard, section 4.2).
func checkMediaType(contentType []string) error {
	got, parameters, err := mime.ParseMediaType(strings.Join(contentType, ", "))
	charset, named := parameters["charset"]
	if err != nil || got != mediaType || named && !slices.Contains([]string{"utf-8", "utf8"}, strings.ToLower(charset)) {
		return dcr.Refuse("form.content_type")
	}
	return nil
}

func decodePair(pair string) (name, value string, err error) {
	rawName, rawValue, _ := strings.Cut(pair, "=")
	name, nameErr := url.QueryUnescape(rawName)
	value, valueErr := url.QueryUnescape(rawValue)
	err = errors.Join(nameErr, valueErr)
	if err != nil || name == "" || strings.Contains(pair, ";") || !plain(name) || !plain(value) {
		return "", "", dcr.Refuse("form.encoding")
	}
	return name, value, nil
}

// plain reports whether the text is UTF-8 without control characters, as RFC 6749 (appendix A) requires for every
// parameter.
func plain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return r < 0x20 || r == 0x7f })
}
