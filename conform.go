package main

import (
	"context"
	"io"

	"github.com/dcr-gateway/dcr-gateway/conform"
)

// runConform judges a bank's registration endpoint from outside.
func runConform(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	return conform.Run(ctx, arguments, stdout, stderr)
}
