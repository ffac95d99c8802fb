package registry

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

const interactionHeader = "X-Fapi-Interaction-Id"

// answer is what a handler has to say.
type answer struct {
	status int
	header http.Header
	body   []byte // JSON, or nothing
}

// secret returns an answer that nobody may keep.
func secret(status int, document []byte) answer {
	header := dcr.NoStore()
	if document != nil {
		header.Set("Content-Type", "application/json")
	}
	return answer{status: status, header: header, body: document}
}

// secretJSON returns the value as JSON that nobody may keep.
func secretJSON(value any) (answer, error) {
	document, err := json.Marshal(value)
	if err != nil {
		return answer{}, fmt.Errorf("writing an answer: %w", err)
	}
	return secret(http.StatusOK, document), nil
}

// public returns a document that anybody may keep for some seconds.
func public(document []byte, seconds int) answer {
	return answer{status: http.StatusOK, body: document, header: http.Header{
		"Content-Type":           {"application/json"},
		"Cache-Control":          {fmt.Sprintf("public, max-age=%d", seconds)},
		"X-Content-Type-Options": {"nosniff"},
	}}
}

func (a answer) write(w http.ResponseWriter, interaction string) {
	header := w.Header()
	maps.Copy(header, a.header)
	if interaction != "" {
		header.Set(interactionHeader, interaction)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // whoever asked has gone: there is nobody to tell
}

// interactionID returns the request's interaction id: "shall set the response header x-fapi-interaction-id to the value
// received from the corresponding FAPI client request header or to a RFC4122 UUID value if the request header was not
// provided" (FAPI 1.0 Part 1, section 6.2.1). Envoy sees to the second; what is no UUID is not echoed.
func interactionID(header http.Header) string {
	values := header.Values(interactionHeader)
	if len(values) != 1 || len(values[0]) != 36 {
		return ""
	}
	for i := range len(values[0]) {
		c := values[0][i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return ""
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return ""
		}
	}
	return values[0]
}
