// Package world makes a sandbox: a trust framework, a bank behind the gateway and TPPs, all on this machine, each part a
// process of its own. What it started it stops.
package world

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Options say which world to make.
type Options struct {
	Dir         string
	Executable  string // the dcr-gateway whose subcommands are the parts
	Port        int    // the first of the ports used; 0 for those that the documentation names
	Profile     string
	AuthMethods []string
	Redis       string // URL of an existing server; one is started when empty
}

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
	if o.Port < 0 || o.Port > 65535-4 {
		return errors.New("--port is a number from 1 to 65531")
	}
	return nil
}
