// Package envoy turns routes.yaml into Envoy's configuration: a hardened edge that lets nothing through without asking
// the gate.
package envoy

import (
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"

	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
)

// nodeName is what Envoy calls itself and the group it is one of.
const nodeName = "dcr-gateway"

// Options are what a configuration needs beside routes.yaml: where the other processes are.
type Options struct {
	Gate      string // address of the gate: unix:PATH or HOST:PORT
	Admin     string // address of Envoy's admin interface: unix:PATH, nothing else can be kept from other users
	AccessLog string // file of the access log
	ClientCAs []byte // PEM bundle of the CAs that issue client certificates, of all directories together
}

// Render returns a complete static Envoy configuration: the same one for the same input, and valid by Envoy's own rules
// for each message in it. The file must come from routes.Read.
func Render(file *routes.File, options Options) (*bootstrapv3.Bootstrap, error) {
	if err := options.check(file); err != nil {
		return nil, err
	}
	t := &translation{file: file, options: options}
	bootstrap := &bootstrapv3.Bootstrap{
		Node:  &corev3.Node{Id: nodeName, Cluster: nodeName},
		Admin: &bootstrapv3.Admin{Address: t.address(options.Admin)},
		StaticResources: &bootstrapv3.Bootstrap_StaticResources{
			Listeners: t.listeners(),
			Clusters:  t.clusters(),
		},
		OverloadManager: t.overloadManager(),
	}
	if t.err != nil {
		return nil, t.err
	}
	if err := validate(bootstrap); err != nil {
		return nil, fmt.Errorf("the rendered configuration is not valid: %w", err)
	}
	return bootstrap, nil
}

// translation is the making of one configuration. It keeps the first error, so that the messages can be written down
// as they are; Render returns none of them when there was one.
type translation struct {
	file    *routes.File
	options Options
	err     error
}

func (o Options) check(file *routes.File) error {
	if _, err := routes.ParseAddress(o.Gate); err != nil {
		return fmt.Errorf("the gate's address: %w", err)
	}
	if admin, err := routes.ParseAddress(o.Admin); err != nil || admin.Socket == "" {
		return errors.New("the admin interface's address must be unix:PATH: it can stop Envoy and shows its configuration")
	}
	if o.AccessLog == "" {
		return errors.New("the access log needs a file")
	}
	for name, listener := range file.Listeners {
		if listener.ClientCertificate == routes.CertificateRequired && !x509.NewCertPool().AppendCertsFromPEM(o.ClientCAs) {
			return fmt.Errorf("listener %q requires client certificates, and the directories name no CA that issues them", name)
		}
	}
	return nil
}

func (t *translation) listeners() []*listenerv3.Listener {
	var listeners []*listenerv3.Listener
	for _, name := range slices.Sorted(maps.Keys(t.file.Listeners)) {
		listeners = append(listeners, t.listener(name, t.file.Listeners[name]))
	}
	return listeners
}

func (t *translation) clusters() []*clusterv3.Cluster {
	clusters := []*clusterv3.Cluster{t.gateCluster()}
	for _, name := range slices.Sorted(maps.Keys(t.file.Upstreams)) {
		clusters = append(clusters, t.upstreamCluster(name, t.file.Upstreams[name]))
	}
	return clusters
}
