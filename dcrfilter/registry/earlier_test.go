package registry

import (
	"encoding/json"
	"net/http"
	"os"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/redis"
)

// TestEarlierClient reads, updates and deletes a client that the build before this one has registered.
func TestEarlierClient(t *testing.T) {
	w := newWorld(t)
	text, err := os.ReadFile("../store/testdata/record-uk.json")
	w.must(err)
	var kept struct {
		ID     string            `json:"id"`
		Fields map[string]string `json:"fields"`
		Record []byte            `json:"record"`
	}
	w.must(json.Unmarshal(text, &kept))
	client, err := redis.Open(w.redis.URL)
	w.must(err)
	defer client.Close()
	fields := []any{"record", kept.Record}
	for name, value := range kept.Fields {
		fields = append(fields, name, value)
	}
	home := "{dcr:" + kept.ID[:2] + "}:"
	w.must(client.HSet(t.Context(), home+"client:"+kept.ID, fields...).Err())
	w.must(client.SAdd(t.Context(), home+"software:"+kept.Fields["software"], kept.ID).Err())

	s := software{id: "oQ4KoaavpOuoE7rvQsZEOV", org: "0015800001HQQrZAAX"}
	if read := w.get(kept.ID); read.status != http.StatusOK || read.json["software_id"] != s.id || read.json["org_id"] != s.org {
		t.Errorf("got %d %v", read.status, read.json)
	}
	if updated := w.put(s, kept.ID, "n-1", map[string]any{"scope": "openid accounts"}); updated.status != http.StatusOK || updated.json["scope"] != "openid accounts" {
		t.Errorf("got %d %v", updated.status, updated.json)
	}
	deleted := w.do(call{route: "client", method: http.MethodDelete, target: collection + "/" + kept.ID, facts: owner(kept.ID)})
	if deleted.status != http.StatusNoContent {
		t.Errorf("got %d %v", deleted.status, deleted.json)
	}
}
