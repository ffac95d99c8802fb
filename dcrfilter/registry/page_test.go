package registry

import (
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// Links that TPPs have seen lead to a row: every id is an anchor, with its fix, and code is marked up.
func TestErrorsPage(t *testing.T) {
	page, err := errorsPage()
	if err != nil {
		t.Fatal(err)
	}
	sections, err := dcr.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range sections {
		for _, refusal := range section.Refusals {
			if rows := strings.Count(string(page), `<tr id="`+refusal.ID+`">`); rows != 1 {
				t.Errorf("%s has %d rows", refusal.ID, rows)
			}
		}
	}
	for _, want := range []string{
		"<td>Set <code>typ</code> to <code>JWT</code>.</td><td>RFC 8725, section 3.11</td>",
		"<td><code>invalid_client_metadata</code> 400, <code>invalid_client</code> 401</td>",
		"<td>Data Dictionary, redirect_uris</td>", "<code>[&#34;https://...&#34;]</code>",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.ContainsAny(string(page), "`") {
		t.Error("a mark of code is left")
	}
}
