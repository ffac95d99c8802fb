// Package harness lets tests use the product from outside, as TPPs and operators do: it builds the program, starts worlds
// (real Envoy, real Redis, each part a process), stops and restarts their parts, and sends requests. It signs and sends with
// internal/dcrclient, which shares no code with the gate and so no bugs, and can also send invalid requests. Use it for
// whole-world tests only; tests of one package start real parts of their own.
package harness

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build builds the program into a folder, with or without the race detector, and returns its path.
func Build(ctx context.Context, dir string, race bool) (string, error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	program := filepath.Join(dir, "dcr-gateway")
	arguments := []string{"build", "-o", program}
	if race {
		arguments = append(arguments, "-race")
	}
	command := exec.CommandContext(ctx, "go", append(arguments, ".")...)
	command.Dir = strings.TrimSpace(string(root))
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, output)
	}
	return program, nil
}
