package operations

import (
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// upgrade is the page about a new build: clients and tokens of either work at both, in the order of the page.
func upgrade(t *testing.T, h *host) {
	h.install()
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-X main.version=next", "-o", h.path("home/new/dcr-gateway"), ".")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	traffic := h.balanced()
	before := h.world.Register(t, harness.Order{})
	lives := func(builds ...string) error {
		traffic.expect()
		after := h.world.Register(t, harness.Order{})
		all := []error{serves(t, before), serves(t, after)}
		before.Renew(t)
		for i, port := range []string{h.ports.gate, h.ports.registry} {
			all = append(all, runs(t, port, builds[i]))
		}
		return errors.Join(all...)
	}
	h.checks["a new registry serves an old gate"] = func() error {
		return lives("development", "next")
	}
	h.checks["the new build serves"] = func() error {
		defer traffic.expect("503 ") // of the only registry
		return lives("next", "next")
	}
	h.checks["the old build serves"] = func() error { return lives("development", "development") }
	traffic.expect("503 ") // of the only registry
	h.run("upgrades.md")
	traffic.judge()
}

// runs reports whether the part with this health port is of a build.
func runs(t *testing.T, port, build string) error {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+port+"/metrics", http.NoBody)
	if err != nil {
		return err
	}
	answer, err := harness.Do(http.DefaultClient, request)
	if err == nil && !strings.Contains(string(answer.Body), "version=\""+build+"\"") {
		err = fmt.Errorf("port %s is not of build %s", port, build)
	}
	return err
}

// health is the page about what parts say of themselves.
func health(_ *testing.T, h *host) {
	h.install()
	traffic := h.traffic()
	h.run("health.md")
	traffic.judge()
}

// network is the page about what the processes connect to.
func network(_ *testing.T, h *host) {
	h.install()
	h.run("network.md")
}
