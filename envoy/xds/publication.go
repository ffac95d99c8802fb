package xds

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dcr-gateway/dcr-gateway/envoy"
)

// A kind is a type of resources. Kinds are in push order.
type kind int

const (
	secrets kind = iota
	clusters
	listeners
	routes
	kinds
)

var kindNames = [kinds]string{"secrets", "clusters", "listeners", "routes"}

var kindURLs = [kinds]string{resource.SecretType, resource.ClusterType, resource.ListenerType, resource.RouteType}

// Types returns the names of the types of resources, as Envoy.Types has them.
func Types() []string { return kindNames[:] }

func (k kind) String() string { return kindNames[k] }

// kindOf returns kinds for a type that is not served.
func kindOf(url string) kind {
	if at := slices.Index(kindURLs[:], url); at >= 0 {
		return kind(at)
	}
	return kinds
}

// A publication is a whole configuration, marshalled once for all Envoys.
type publication struct {
	version string
	sets    [kinds]set
}

// A set has all resources of one kind, by name.
type set struct {
	version   string
	resources map[string]*discoveryv3.Resource
}

func newPublication(r *envoy.Resources, pairs []*tlsv3.Secret) (*publication, error) {
	if err := consistent(r); err != nil {
		return nil, err
	}
	p := &publication{version: r.Version}
	var failures [kinds]error
	p.sets[secrets], failures[secrets] = newSet(secrets, pairs)
	p.sets[clusters], failures[clusters] = newSet(clusters, r.Clusters)
	p.sets[listeners], failures[listeners] = newSet(listeners, r.Listeners)
	p.sets[routes], failures[routes] = newSet(routes, r.Routes)
	for kind := range kinds {
		p.sets[kind].version = r.Version
	}
	p.sets[secrets].version = p.sets[secrets].hash() // they change on their own
	return p, errors.Join(failures[:]...)
}

// consistent checks that listeners name exactly the route configurations that exist: Envoy would wait for a missing one.
func consistent(r *envoy.Resources) error {
	var snapshot cache.Snapshot
	snapshot.Resources[types.Listener] = cache.NewResources(r.Version, generic(r.Listeners))
	snapshot.Resources[types.Cluster] = cache.NewResources(r.Version, generic(r.Clusters))
	snapshot.Resources[types.Route] = cache.NewResources(r.Version, generic(r.Routes))
	if err := snapshot.Consistent(); err != nil {
		return fmt.Errorf("listeners and route configurations do not match: %w", err)
	}
	return nil
}

func generic[R types.Resource](resources []R) []types.Resource {
	out := make([]types.Resource, 0, len(resources))
	for _, r := range resources {
		out = append(out, r)
	}
	return out
}

func newSet[R types.ResourceWithName](kind kind, list []R) (set, error) {
	s := set{resources: make(map[string]*discoveryv3.Resource, len(list))}
	for _, r := range list {
		name := r.GetName()
		if name == "" || s.resources[name] != nil {
			return set{}, fmt.Errorf("%s: two resources have the name %q, or one has none", kind, name)
		}
		raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(r)
		if err != nil {
			return set{}, fmt.Errorf("%s: %s: %w", kind, name, err)
		}
		s.resources[name] = &discoveryv3.Resource{
			Name: name, Version: digest(raw), Resource: &anypb.Any{TypeUrl: kindURLs[kind], Value: raw},
		}
	}
	return s, nil
}

func (s set) hash() string {
	var all []byte
	for _, name := range slices.Sorted(maps.Keys(s.resources)) {
		all = fmt.Appendf(all, "%q %s\n", name, s.resources[name].GetVersion())
	}
	return digest(all)
}

func digest(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}
