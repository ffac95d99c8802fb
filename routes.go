package main

import (
	"context"
	"io"

	"github.com/dcr-gateway/dcr-gateway/admin"
)

// runRoutes is what a gateway admin does with routes.yaml.
func runRoutes(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	return admin.Run(ctx, arguments, stdout, stderr)
}

// runExplain says what was decided about one request.
func runExplain(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	return admin.Decision(ctx, arguments, stdout, stderr)
}
