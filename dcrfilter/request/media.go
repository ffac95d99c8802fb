package request

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// charsets are the encodings that do not change the bytes of a body, because the gate never transcodes: for a compact
// JWS, which is ASCII, and for JSON, which "MUST be encoded using UTF-8" (RFC 8259, section 8.1). "utf8" is a label of
// UTF-8 too (Encoding Standard, section 4.2). A charset's case does not matter (RFC 9110, section 8.3.2), and "the quoted
// and unquoted values are equivalent" (section 5.6.6).
var charsets = map[string][]string{
	dcr.BodyJWS:  {"", "utf-8", "utf8", "iso-8859-1", "us-ascii", "windows-1252"},
	dcr.BodyJSON: {"", "utf-8", "utf8", "us-ascii"},
}

// CheckContentType requires exactly one Content-Type of the profile, with or without an equivalent charset, and no
// content coding. "An ASPSP may accept either or both" of application/jwt and application/jose (OBIE DCR FAQ).
func CheckContentType(header http.Header, profile *dcr.Profile) error {
	refusal := dcr.Refuse("content_type", strings.Join(profile.ContentTypes, ", ")).Under(profile)
	values := header.Values("Content-Type")
	if len(values) != 1 {
		return refusal
	}
	media, parameters, err := mime.ParseMediaType(values[0]) // fails on lists, and on parameters repeated with another value
	if err != nil || !slices.Contains(profile.ContentTypes, media) {
		return refusal
	}
	repeated := strings.Count(strings.ToLower(values[0]), "charset") > 1
	if repeated || !slices.Contains(charsets[profile.Body], strings.ToLower(parameters["charset"])) {
		return dcr.Refuse("content_type.charset")
	}
	for _, coding := range header.Values("Content-Encoding") {
		if !strings.EqualFold(coding, "identity") {
			return dcr.Refuse("content_encoding")
		}
	}
	return nil
}

// CheckAccept requires an Accept header that allows JSON: absent, */*, application/* or application/json, with any
// weight above 0 (RFC 9110, section 12.5.1).
func CheckAccept(header http.Header) error {
	values := header.Values("Accept")
	if len(values) == 0 {
		return nil
	}
	for element := range strings.SplitSeq(strings.Join(values, ","), ",") {
		media, parameters, err := mime.ParseMediaType(strings.TrimSpace(element))
		if err != nil || !slices.Contains([]string{"*/*", "application/*", "application/json"}, media) {
			continue
		}
		weight, given := parameters["q"]
		if q, err := strconv.ParseFloat(weight, 64); !given || err == nil && q > 0 {
			return nil
		}
	}
	return dcr.Refuse("accept")
}
