package envoy

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// Options are what a configuration needs beside routes.yaml: where the other processes are, and what differs from one
// Envoy of a fleet to the next.
type Options struct {
	Gate      string // address of the gate: unix:PATH or HOST:PORT
	XDS       string // address of the server of the configuration: unix:PATH, for private keys come from there
	Admin     string // address of Envoy's admin interface: unix:PATH, nothing else can be kept from other users
	AccessLog string // file of the access log

	// ListenOn has the addresses, IP:PORT, of listeners that this Envoy serves elsewhere than routes.yaml says, by name.
	// Several Envoys on one machine need them, as they have one routes.yaml and so one version.
	ListenOn map[string]string
}

// AddListenOn reads NAME=IP:PORT, as a flag has it.
func (o *Options) AddListenOn(text string) error {
	name, address, _ := strings.Cut(text, "=")
	if at, err := netip.ParseAddrPort(address); name == "" || err != nil || at.Port() == 0 {
		return errors.New("must be NAME=IP:PORT, with the name of a listener")
	}
	if _, twice := o.ListenOn[name]; twice {
		return fmt.Errorf("listener %s has two addresses", name)
	}
	if o.ListenOn == nil {
		o.ListenOn = map[string]string{}
	}
	o.ListenOn[name] = address
	return nil
}

func (o Options) checkTraffic() error {
	if _, err := routes.ParseAddress(o.Gate); err != nil {
		return fmt.Errorf("the gate's address: %w", err)
	}
	if o.AccessLog == "" {
		return errors.New("the access log needs a file")
	}
	return nil
}

func (o Options) checkAdmin() error {
	if !isSocket(o.Admin) {
		return errors.New("the admin interface's address must be unix:PATH: it can stop Envoy and shows its configuration")
	}
	return nil
}

func (o Options) checkXDS() error {
	if !isSocket(o.XDS) {
		return errors.New("the configuration server's address must be unix:PATH: private keys come from there")
	}
	return nil
}

func isSocket(text string) bool {
	address, err := routes.ParseAddress(text)
	return err == nil && address.Socket != ""
}
