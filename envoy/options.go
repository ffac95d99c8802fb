package envoy

import (
	"errors"
	"fmt"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// Options are what a configuration needs beside routes.yaml: where the other processes are.
type Options struct {
	Gate      string // address of the gate: unix:PATH or HOST:PORT
	XDS       string // address of the server of the configuration: unix:PATH, for private keys come from there
	Admin     string // address of Envoy's admin interface: unix:PATH, nothing else can be kept from other users
	AccessLog string // file of the access log
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
