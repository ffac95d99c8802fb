//go:build production

package main

import "github.com/dcr-gateway/dcr-gateway/internal/cli"

// sandboxCommands: a production build makes no certificates and signs no statements.
func sandboxCommands() []cli.Command { return nil }
