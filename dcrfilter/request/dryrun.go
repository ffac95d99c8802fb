package request

import (
	"net/http"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// DryRun says whether a request is only to be tried: "The Prefer request header field is used to indicate that particular
// server behaviors are preferred by the client" (RFC 7240, section 2). A preference may be ignored, but nobody who wants
// to try expects a client to be made: where that is not offered the request is refused.
func DryRun(header http.Header, offered bool) (bool, error) {
	if !preferred(header, "dry-run") {
		return false, nil
	}
	if !offered {
		return false, dcr.Refuse("request.dry_run")
	}
	return true, nil
}

// preferred looks for a preference, whose name has no case and which may have a value and parameters.
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
