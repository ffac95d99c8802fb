//go:build !production

package main

import (
	"github.com/dcr-gateway/dcr-gateway/sandbox/bank"
	"github.com/dcr-gateway/dcr-gateway/sandbox/demo"
	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/sandbox/store"
	"github.com/dcr-gateway/dcr-gateway/sandbox/tpp"
	"github.com/dcr-gateway/dcr-gateway/sandbox/world"
)

// sandboxCommands are the subcommands of the world on a laptop. A production build has none of them. Those without a
// summary are parts that the sandbox starts by itself.
func sandboxCommands() []command {
	return []command{
		{"sandbox", "run a whole world: directory, TPPs, bank, Redis, registry, gate, Envoy", world.Run},
		{"tpp", "register, token, get, update, delete, call: what a TPP does, at any bank", tpp.Run},
		{"demo", "walk a client's whole life through a world of its own", demo.Run},
		{"sandbox-directory", "", directory.Run},
		{"sandbox-bank", "", bank.Run},
		{"sandbox-store", "", store.Run},
	}
}
