// Package world makes a sandbox: a trust framework, a bank behind the gateway and TPPs, all on this machine, each part a
// process of its own. What it started it stops.
package world

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
)

// Options say which world to make.
type Options struct {
	Dir         string
	Executable  string // the dcr-gateway whose subcommands are the parts
	Port        int    // the first of the ports used; 0 for those that the documentation names, AnyPorts for free ones
	Profile     string
	AuthMethods []string
	Redis       string // URL of an existing server; one is started when empty
}

// AnyPorts is the Options' Port for ports that nothing uses.
const AnyPorts = -1

// portCount is how many ports a world uses.
const portCount = 5

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
	if o.Port < AnyPorts || o.Port > 1<<16-portCount {
		return fmt.Errorf("--port is a number from 1 to %d", 1<<16-portCount)
	}
	return nil
}

// withPorts chooses free ports where any will do.
func (o Options) withPorts() (Options, error) {
	if o.Port != AnyPorts {
		return o, nil
	}
	var err error
	o.Port, err = process.FreePorts(portCount)
	return o, err
}

// ports are the TCP ports of a world.
type ports struct {
	mtls, public, directory, bank, redis int
}

func (o Options) ports() ports {
	if o.Port == 0 {
		return ports{mtls: 8443, public: 8444, directory: 8445, bank: 8446, redis: 16379}
	}
	return ports{mtls: o.Port, public: o.Port + 1, directory: o.Port + 2, bank: o.Port + 3, redis: o.Port + 4}
}

// free says which of the ports are taken, all of them at once, before anything is started.
func (p ports) free(withRedis bool) error {
	type use struct {
		port int
		what string
	}
	uses := []use{
		{p.mtls, "the gateway's mTLS listener"},
		{p.public, "the gateway's public listener"},
		{p.directory, "the trust framework's directory"},
		{p.bank, "the bank's API"},
	}
	if withRedis {
		uses = append(uses, use{p.redis, "Redis"})
	}
	var taken []error
	for _, u := range uses {
		listener, err := net.Listen("tcp", loopback(u.port))
		if err != nil {
			taken = append(taken, fmt.Errorf("port %d, for %s, is not free: stop what uses it, or choose other ports with --port", u.port, u.what))
			continue
		}
		_ = listener.Close() // it was only a look
	}
	return errors.Join(taken...)
}

func loopback(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

func httpsURL(port int) string { return "https://" + loopback(port) }
