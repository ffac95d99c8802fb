// Package world runs a sandbox: a trust framework, a bank behind the gateway and TPPs on this machine, each part a separate
// process. It stops everything that it started. Use it for demos and whole-world tests, never for production.
package world

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
	"github.com/dcr-gateway/dcr-gateway/internal/trace"
)

// Options say which world to make.
type Options struct {
	Dir         string
	Executable  string // the dcr-gateway whose subcommands are the parts
	Port        int    // the first of the ports used; 0 for those that the documentation names, AnyPorts for free ones
	Profile     string
	AuthMethods []string
	Redis       string // URL of an existing server; one is started when empty
	Fleet       int    // number of gateways, which share one Redis; one when 0
	OTLP        string // URL of a collector of traces; nothing is traced when empty

	// Under returns the command that a part is started under, by its name: for tests, that record what it does. The command
	// must become the part's program and keep its process id. It may be nil, and may return nil.
	Under func(part string) []string
}

// AnyPorts is the Options' Port for ports that nothing uses.
const AnyPorts = -1

// maxFleet is how many gateways a world may have.
const maxFleet = 9

// portCount is how many ports a world uses.
func (o Options) portCount() int { return 5 + 2*(len(o.gateways())-1) }

var authMethods = []string{"private_key_jwt", "tls_client_auth"}

func (o Options) check() error {
	if _, known := profileNamed(o.Profile); !known {
		return fmt.Errorf("--profile is one of %s", strings.Join(profileNames(), ", "))
	}
	if len(o.AuthMethods) == 0 {
		return fmt.Errorf("--auth-methods names at least one of %s", strings.Join(authMethods, ", "))
	}
	for _, method := range o.AuthMethods {
		if !slices.Contains(authMethods, method) {
			return fmt.Errorf("--auth-methods are among %s", strings.Join(authMethods, ", "))
		}
	}
	if o.Fleet < 0 || o.Fleet > maxFleet {
		return fmt.Errorf("--fleet is a number from 1 to %d", maxFleet)
	}
	if _, err := trace.ReadCollector(o.OTLP, os.Getenv); err != nil {
		return err
	}
	if last := 1<<16 - o.portCount(); o.Port < AnyPorts || o.Port > last {
		return fmt.Errorf("--port is a number from 1 to %d", last)
	}
	return nil
}

// withPorts chooses free ports where any will do.
func (o Options) withPorts() (Options, error) {
	if o.Port != AnyPorts {
		return o, nil
	}
	var err error
	o.Port, err = process.FreePorts(o.portCount())
	return o, err
}

// ports are the TCP ports that a world's gateways share.
type ports struct{ directory, bank, redis int }

func (o Options) ports() ports {
	if o.Port == 0 {
		return ports{directory: 8445, bank: 8446, redis: 16379}
	}
	return ports{directory: o.Port + 2, bank: o.Port + 3, redis: o.Port + 4}
}

// free says which of the ports are taken, all of them at once, before anything is started.
func (o Options) free() error {
	type use struct {
		port int
		what string
	}
	var uses []use
	for _, g := range o.gateways() {
		uses = append(uses, use{g.mtls, g.part("gateway") + "'s mTLS listener"}, use{g.public, g.part("gateway") + "'s public listener"})
	}
	p := o.ports()
	uses = append(uses, use{p.directory, "trust framework's directory"}, use{p.bank, "bank's API"})
	if o.Redis == "" {
		uses = append(uses, use{p.redis, "Redis server"})
	}
	var taken []error
	for _, u := range uses {
		listener, err := net.Listen("tcp", loopback(u.port))
		if err != nil {
			taken = append(taken, fmt.Errorf("port %d, for the %s, is not free: stop what uses it, or choose other ports with --port", u.port, u.what))
			continue
		}
		_ = listener.Close() // it was only a look
	}
	return errors.Join(taken...)
}

func loopback(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

func httpsURL(port int) string { return "https://" + loopback(port) }
