package admin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	envoyTime = 30 * time.Second // for an Envoy to validate a configuration
	maxWords  = 1000             // of its message; it may repeat the whole configuration
)

// askEnvoy has an Envoy validate a static configuration in JSON, and returns a sentence about it. program is "" for the
// one on PATH, "none" to skip this.
func askEnvoy(ctx context.Context, program string, config []byte) (string, error) {
	switch program {
	case "none":
		return "no Envoy was asked", nil
	case "":
		found, err := exec.LookPath("envoy")
		if err != nil {
			return "no Envoy was asked: envoy is not on PATH", nil
		}
		program = found
	}
	folder, err := os.MkdirTemp("", "dcr-gateway-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "envoy.json")
	if err := os.WriteFile(path, config, 0o600); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, envoyTime)
	defer cancel()
	command := exec.CommandContext(ctx, program, "--mode", "validate", "--config-path", path, "--log-level", "error") //nolint:gosec // the administrator's own program
	command.WaitDelay = time.Second
	said, err := command.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("%s was asked and gave no answer within %s", program, envoyTime)
	case errors.As(err, new(*exec.ExitError)):
		return "", fmt.Errorf("envoy rejects the configuration: %s", words(string(said), path))
	case err != nil:
		return "", fmt.Errorf("envoy cannot be asked: %w", err)
	}
	return program + " accepts it", nil
}

// words returns Envoy's messages without their timestamps and source positions.
func words(said, path string) string {
	var lines []string
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		if _, rest, ok := strings.Cut(line, "error initializing configuration '"+path+"': "); ok {
			line = rest
		} else if strings.HasPrefix(line, "[") {
			line = line[strings.LastIndex(line, "] ")+1:]
		}
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	text := strings.Join(lines, "\n")
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "") + " ..."
	}
	return text
}
