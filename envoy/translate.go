// Package envoy translates routes.yaml into Envoy's configuration: a hardened edge that passes no request on without asking
// the gate. It is pure: package xds delivers the result to Envoy, package edge runs Envoy.
package envoy

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
	"github.com/dcr-gateway/dcr-gateway/internal/trace"
)

// Translate returns the xDS resources for a file, deterministically, each valid by Envoy's own rules. Routes, rate plans,
// the timeouts of upstreams and the version are only in the RouteConfigurations, so that changing them closes no
// connection. The file must come from package routes, complete and without errors.
func Translate(file *routes.File, o Options) (*Resources, error) {
	t := newTranslation(file, o)
	resources := t.resources()
	if t.err != nil {
		return nil, t.err
	}
	return resources, nil
}

// A translation builds one configuration. It keeps the first error, so that messages can be built in plain expressions;
// after an error the result is discarded.
type translation struct {
	file    *routes.File
	options Options
	static  bool // routes and secrets are in the bootstrap instead of coming over xDS
	err     error

	// Messages that many routes have in common are built once and shared; they are never changed.
	buffers map[routes.Size]*anypb.Any
	actions map[target]*routev3.Route_Route
	methods map[string]*routev3.HeaderMatcher
	plans   map[string]*corev3.Metadata
}

func newTranslation(file *routes.File, o Options) *translation {
	return &translation{
		file: file, options: o,
		buffers: map[routes.Size]*anypb.Any{}, actions: map[target]*routev3.Route_Route{},
		methods: map[string]*routev3.HeaderMatcher{}, plans: map[string]*corev3.Metadata{},
	}
}

// once returns the message for a key, and builds it the first time.
func once[K comparable, V any](made map[K]V, key K, produce func() V) V {
	value, there := made[key]
	if !there {
		value = produce()
		made[key] = value
	}
	return value
}

func (t *translation) resources() *Resources {
	resources := &Resources{Version: t.file.Version, Listeners: t.listeners(), Clusters: t.clusters()}
	if !t.static {
		resources.Routes = t.routeConfigurations()
	}
	return resources
}

func (t *translation) listeners() []*listenerv3.Listener {
	for name := range t.options.ListenOn {
		if _, there := t.file.Listeners[name]; !there {
			t.fail(fmt.Errorf("an address is given for the listener %s, which routes.yaml does not have", name))
		}
	}
	var listeners []*listenerv3.Listener
	for _, name := range slices.Sorted(maps.Keys(t.file.Listeners)) {
		own := t.file.Listeners[name]
		own.Address = cmp.Or(t.options.ListenOn[name], own.Address)
		listener := t.listener(name, own)
		t.check(listener)
		listeners = append(listeners, listener)
	}
	return listeners
}

func (t *translation) routeConfigurations() []*routev3.RouteConfiguration {
	var configurations []*routev3.RouteConfiguration
	for _, name := range slices.Sorted(maps.Keys(t.file.Listeners)) {
		configuration := t.routeConfiguration(name)
		t.check(configuration)
		configurations = append(configurations, configuration)
	}
	return configurations
}

func (t *translation) clusters() []*clusterv3.Cluster {
	clusters := []*clusterv3.Cluster{t.gateCluster()}
	if service := t.file.RateLimits; service != nil {
		clusters = append(clusters, t.rateLimitCluster(service))
	}
	if t.options.Traces != nil {
		clusters = append(clusters, t.tracesCluster())
	}
	for _, name := range slices.Sorted(maps.Keys(t.file.Upstreams)) {
		upstream := t.file.Upstreams[name]
		clusters = append(clusters, t.upstreamCluster(name, &upstream))
	}
	for _, cluster := range clusters {
		t.check(cluster)
	}
	return clusters
}

// ads says that a resource comes over ADS. Envoy waits for it without a timeout: a listener without its routes would answer
// without asking the gate.
func ads() *corev3.ConfigSource {
	return &corev3.ConfigSource{
		ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
		InitialFetchTimeout:   duration(0),
		ResourceApiVersion:    corev3.ApiVersion_V3,
	}
}

// Secret is a certificate with its key, or the CAs of a peer's certificate, as Envoy receives it.
type Secret = tlsv3.Secret

// Resources are a whole configuration for xDS without the secrets, which change with their files and not with routes.yaml.
// Listeners name their RouteConfiguration; clusters and listeners name their secrets.
type Resources struct {
	Version   string // routes.File.Version
	Listeners []*listenerv3.Listener
	Routes    []*routev3.RouteConfiguration
	Clusters  []*clusterv3.Cluster
}

// Options are what a configuration needs in addition to routes.yaml: the addresses of the other processes, and what differs
// between the Envoys of a fleet.
type Options struct {
	Gate      socket.Local // of the gate
	XDS       socket.Local // of the xDS server, which sends private keys
	Admin     socket.Local // of Envoy's admin interface, which can stop Envoy and shows its configuration
	AccessLog string       // file of the access log

	// Traces is where Envoy sends its spans; nil if nothing is traced.
	Traces *trace.Collector

	// ListenOn overrides the addresses of listeners, by name: IP:PORT. Several Envoys on one machine need it, because they
	// share one routes.yaml and so one version.
	ListenOn map[string]string
}

// TraceTo sends Envoy's spans to the collector of a flag, or of the environment; to none if neither names one.
func (o *Options) TraceTo(flag string, getenv func(string) string) (err error) {
	o.Traces, err = trace.ReadCollector(flag, getenv)
	return err
}

// AddListenOn parses NAME=IP:PORT, the value of a flag.
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

func isSocket(text string) bool {
	address, err := routes.ParseAddress(text)
	return err == nil && address.Socket != ""
}
