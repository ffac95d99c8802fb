package operations

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/pages"
)

// needed are the programs that the pages' commands use.
var needed = []string{"redis-server", "redis-cli", "systemd-sysusers", "systemd-analyze", "logrotate", "curl", "jq", "openssl"}

// stories are the pages, with what is shown in them and what TPPs may see meanwhile.
var stories = map[string]func(t *testing.T, h *host){
	"systemd.md": systemd, "logs.md": logs, "rotate-redis.md": rotateRedis, "backup.md": backup, "rotate-certificates.md": rotateCertificates, "rotate-token-keys.md": rotateTokenKeys, "upgrades.md": upgrade, "health.md": health, "regions.md": regions, "network.md": network,
}

// TestPages runs each page on a host of its own.
func TestPages(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the pages are about Linux")
	}
	for _, name := range needed {
		if _, err := exec.LookPath(name); err != nil {
			if testing.Short() {
				t.Skipf("%s is not installed", name)
			}
			t.Fatalf("%s is not installed: make test installs it, and -short goes without", name)
		}
	}
	for page, story := range stories {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			story(t, h)
			for check := range h.checks {
				if !h.seen[check] {
					t.Errorf("the page does not show %q", check)
				}
			}
		})
	}
}

// Every page with commands has a story.
func TestEveryPageIsRun(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(pagesFolder, "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d pages, %v", len(files), err)
	}
	for _, file := range files {
		page := filepath.Base(file)
		if _, run := stories[page]; !run && pages.Has(t, file, "sh") {
			t.Errorf("nobody runs the commands of %s", page)
		}
	}
	for page := range stories {
		if !slices.Contains(files, filepath.Join(pagesFolder, page)) {
			t.Errorf("there is no page %s", page)
		}
	}
}
