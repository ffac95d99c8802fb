//go:build !production

package main

import (
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/sandbox/bank"
	"github.com/dcr-gateway/dcr-gateway/sandbox/demo"
	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/sandbox/store"
	"github.com/dcr-gateway/dcr-gateway/sandbox/tpp"
	"github.com/dcr-gateway/dcr-gateway/sandbox/world"
)

// sandboxCommands are the commands of the world on a laptop. A production build has none of them. The hidden ones are
// processes that the sandbox starts.
func sandboxCommands() []cli.Command {
	return []cli.Command{
		world.Command(), tpp.Command(), demo.Command(), directory.Command(), bank.Command(), store.Command(),
	}
}
