package main

import (
	"context"
	"io"

	"github.com/dcr-gateway/dcr-gateway/desk"
)

// runDN, runSSA and runLint are what a TPP's developer does on his own machine.
func runDN(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	return desk.Run(ctx, append([]string{"dn"}, arguments...), stdout, stderr)
}

func runSSA(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	return desk.Run(ctx, append([]string{"ssa"}, arguments...), stdout, stderr)
}

func runLint(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	return desk.Run(ctx, append([]string{"lint"}, arguments...), stdout, stderr)
}
