package request

import (
	"net/http"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// DryRun reports whether the client asks for a dry run: "The Prefer request header field is used to indicate that
// particular server behaviors are preferred by the client" (RFC 7240, section 2). A server may ignore a preference, but
// a client that asks for a dry run does not expect a registration: if dry runs are not offered, the request is refused.
func DryRun(header http.Header, offered bool) (bool, error) {
	if !preferred(header, "dry-run") {
		return false, nil
	}
	if !offered {
		return false, dcr.Refuse("request.dry_run")
	}
	return true, nil
}

// preferred reports whether the header has the preference. Its name is case-insensitive; it may have a value and
// parameters.
func preferred(header http.Header, name string) bool {
	for _, value := range header.Values("Prefer") {
		for preference := range strings.SplitSeq(value, ",") {
			token, _, _ := strings.Cut(preference, ";")
			token, _, _ = strings.Cut(token, "=")
			if strings.EqualFold(strings.TrimSpace(token), name) {
				return true
			}
		}
	}
	return false
}
