// Package envoy turns routes.yaml into Envoy's configuration: a hardened edge that lets nothing through without asking
// the gate.
package envoy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// Translate returns what Envoy is to get over xDS for a file: the same resources for the same input, each valid by
// Envoy's own rules. Routes, rate plans and the timeouts of upstreams are in the RouteConfigurations alone, so that a
// change of these touches no connection; the version is there too, and nowhere else. The file must come from package
// routes, complete and without errors.
func Translate(file *routes.File, o Options) (*Resources, error) {
	if err := o.checkTraffic(); err != nil {
		return nil, err
	}
	t := newTranslation(file, o)
	resources := t.resources()
	if t.err != nil {
		return nil, t.err
	}
	return resources, nil
}

// A translation is the making of one configuration. It keeps the first error, so that the messages can be written down
// as they are; none of them is used when there was one.
type translation struct {
	file    *routes.File
	options Options
	static  bool // routes and secrets are in the bootstrap, instead of at the server of the configuration
	err     error

	// What many routes have in common is made once; nobody changes a message.
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

// once returns what was made for a key, or makes it.
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
	for _, name := range slices.Sorted(maps.Keys(t.file.Upstreams)) {
		upstream := t.file.Upstreams[name]
		clusters = append(clusters, t.upstreamCluster(name, &upstream))
	}
	for _, cluster := range clusters {
		t.check(cluster)
	}
	return clusters
}

// ads says that a resource comes over the one stream of the whole configuration. Nothing is done without it, however
// long it takes: a listener without its routes would answer without asking the gate.
func ads() *corev3.ConfigSource {
	return &corev3.ConfigSource{
		ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
		InitialFetchTimeout:   duration(0),
		ResourceApiVersion:    corev3.ApiVersion_V3,
	}
}
