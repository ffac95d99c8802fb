package main

import (
	"context"
	"io"

	"github.com/dcr-gateway/dcr-gateway/cli/desk"
)

// atDesk is a command that a TPP's developer has on his own machine.
func atDesk(name string) func(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	return func(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
		return desk.Run(ctx, append([]string{name}, arguments...), stdout, stderr)
	}
}
