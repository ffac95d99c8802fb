package registry

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/internal/decision"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// answer is the response of a handler.
type answer struct {
	status int
	header http.Header
	body   []byte // JSON, or nothing
}

// secret returns an answer that caches must not store.
func secret(status int, document []byte) answer {
	header := dcr.NoStore()
	if document != nil {
		header.Set("Content-Type", "application/json")
	}
	return answer{status: status, header: header, body: document}
}

// secretJSON returns the value as JSON that caches must not store.
func secretJSON(value any) (answer, error) {
	document, err := json.Marshal(value)
	if err != nil {
		return answer{}, fmt.Errorf("writing an answer: %w", err)
	}
	return secret(http.StatusOK, document), nil
}

// secretObject returns the object as JSON that caches must not store.
func secretObject(status int, object strictjson.Object) (answer, error) {
	document, err := rule.Encode(object)
	if err != nil {
		return answer{}, fmt.Errorf("writing an answer: %w", err)
	}
	return secret(status, document), nil
}

// public returns a document that caches may store for this many seconds.
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
		header.Set(decision.InteractionHeader, interaction)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // it fails only if the client has disconnected
}
