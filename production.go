//go:build production

package main

// sandboxCommands: a production build makes no certificates and signs no statements.
func sandboxCommands() []command { return nil }
