package docs_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/docs"
)

// Each rule of the catalogue says how to mend what it refuses, in text that any reader of JSON can show.
func TestMend(t *testing.T) {
	ids := regexp.MustCompile(`<a id="([^"]+)"></a>`).FindAllStringSubmatch(string(docs.Errors), -1)
	if len(ids) < 150 {
		t.Fatalf("only %d rules found", len(ids))
	}
	all := docs.Mend()
	for _, id := range ids {
		text := all[id[1]]
		if text == "" || strings.ContainsAny(text, "`|<>") || strings.Contains(text, "](") {
			t.Errorf("%s is mended by %q", id[1], text)
		}
		for _, c := range text {
			if c < ' ' || c > '~' {
				t.Errorf("%s: %q is not ASCII", id[1], c)
			}
		}
	}
	if len(all) != len(ids) {
		t.Errorf("%d of %d rules", len(all), len(ids))
	}
	if got, want := all["redirect_uris.statement"], "a slash at the end"; !strings.Contains(got, want) {
		t.Errorf("a redirect URI that is not in the statement is mended by %q", got)
	}
}
