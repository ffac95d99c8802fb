package request

import (
	"net/http"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

func TestDryRun(t *testing.T) {
	for _, c := range []struct {
		prefer  []string
		offered bool
		want    bool
		rule    string
	}{
		{nil, true, false, ""},
		{nil, false, false, ""},
		{[]string{"dry-run"}, true, true, ""},
		{[]string{"Dry-Run"}, true, true, ""},
		{[]string{"handling=strict, dry-run"}, true, true, ""},
		{[]string{"handling=strict", " dry-run ; x=1"}, true, true, ""},
		{[]string{"dry-run=yes"}, true, true, ""},
		{[]string{"dry-running"}, true, false, ""},
		{[]string{"respond-async"}, false, false, ""},
		{[]string{""}, false, false, ""},
		{[]string{"dry-run"}, false, false, "request.dry_run"},
	} {
		got, err := DryRun(http.Header{"Prefer": c.prefer}, c.offered)
		rule := ""
		if err != nil {
			rule = dcr.AsRefusal(err).Rule
		}
		if got != c.want || rule != c.rule {
			t.Errorf("%q, offered %t: got %t %q, want %t %q", c.prefer, c.offered, got, rule, c.want, c.rule)
		}
	}
}
