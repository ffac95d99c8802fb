//go:build chart

package chart

import (
	"net/http"
	"path/filepath"
	"testing"
)

// TestUpgrade goes from the chart of before to this one, and back. Clients stay, with their tokens.
func TestUpgrade(t *testing.T) {
	charts, err := filepath.Glob("testdata/dcr-gateway-*.tgz")
	if err != nil || len(charts) == 0 {
		t.Fatalf("no chart of before (%v)", err)
	}
	for _, before := range charts {
		t.Run(filepath.Base(before), func(t *testing.T) {
			b := newBank(t, "helm", "upgrade", before)
			client := b.join(t, keptHTTP1)
			stays := func(what string) {
				t.Helper()
				want(t, "call after "+what, http.StatusOK)(client.get(t.Context(), client.fresh, echoURL))
				want(t, "read after "+what, http.StatusOK)(client.read(t.Context()))
				b.walk(t)
			}
			stays("the installation")
			b.chart = chartDir
			b.upgrade(t)
			stays("the upgrade")
			rollback(t, b)
			stays("the rollback")
			b.uninstall(t)
			wantNothingLeft(t, b.namespace)
		})
	}
}
