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
	envoyTime = 30 * time.Second // for an Envoy to look at a configuration
	maxWords  = 1000             // of what it says; it may repeat the whole configuration
)

// askEnvoy lets an Envoy look at a static configuration, in JSON. It returns what was done. program is "" for the one on
// PATH, and none for none.
func askEnvoy(ctx context.Context, program string, config []byte) (string, error) {
	switch program {
	case "none":
		return "no Envoy was asked", nil
	case "":
		found, err := exec.LookPath("envoy")
		if err != nil {
			return "no Envoy was asked: there is none on PATH", nil
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
		return "", fmt.Errorf("envoy refuses the configuration: %s", words(string(said), path))
	case err != nil:
		return "", fmt.Errorf("envoy cannot be asked: %w", err)
	}
	return program + " takes it", nil
}

// words are those of Envoy's that matter, without the dates and places before them.
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
