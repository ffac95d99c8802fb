package egress

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
	"github.com/dcr-gateway/dcr-gateway/internal/redis"
)

// Flags are the flags of the processes that say what they connect to.
type Flags struct {
	Redis     string   // URL; none when empty
	Nodes     []string // HOST:PORT of servers of Redis that its URL does not name
	Collector string   // HOST:PORT of the collector of traces; none when empty
}

// where is all that decides what the processes connect to.
type where struct {
	*config.Version
	Flags
}

// sources are all reasons for which a process connects to anything. A part of the product that calls out has its line here;
// the scenarios fail if it has none.
var sources = []struct {
	why       string
	processes []string
	list      func(where) ([]Destination, error)
}{
	{"key sets", []string{gate}, keySets},
	{"Redis", []string{gate, registry}, redisServers},
	{"upstream", []string{envoy}, upstreams},
	{"rate limit service", []string{envoy}, rateLimits},
	{"traces", []string{gate, registry, envoy}, collector},
}

// List returns what the processes connect to with a version and flags, sorted, each destination once.
func List(version *config.Version, flags Flags) ([]Destination, error) {
	var all []Destination
	for _, source := range sources {
		found, err := source.list(where{version, flags})
		if err != nil {
			return nil, err
		}
		for _, process := range source.processes {
			for _, destination := range found {
				destination.Process = process
				destination.Why = strings.TrimSpace(source.why + " " + destination.Why)
				all = append(all, destination)
			}
		}
	}
	return sorted(all), nil
}

// keySets are the hosts that directories allow: their own, and those that statements may name.
func keySets(w where) (all []Destination, err error) {
	for _, d := range w.Directories {
		policy := d.Policy()
		for _, host := range policy.Hosts {
			if host == outbound.AnyHost {
				all = append(all, Destination{Host: host, Port: 443, Why: "(" + d.Name + ")"}.guarded(nil))
				continue
			}
			if _, _, err := net.SplitHostPort(host); err != nil {
				host = net.JoinHostPort(strings.Trim(host, "[]"), "443")
			}
			found, err := at(host)
			if err != nil {
				return nil, fmt.Errorf("key_hosts of %s: %w", d.Name, err)
			}
			found.Why = "(" + d.Name + ")"
			all = append(all, found.guarded(policy.Private))
		}
	}
	return all, nil
}

// redisServers are those of the URL. What stands behind Sentinels is nowhere in the configuration.
func redisServers(w where) (all []Destination, err error) {
	if w.Redis == "" {
		return nil, nil
	}
	servers, _, err := redis.Servers(w.Redis)
	if err != nil {
		return nil, cli.Exit{Code: cli.Wrong, Text: err.Error()}
	}
	if strings.Contains(w.Redis, "+sentinel://") && len(w.Nodes) == 0 {
		return nil, cli.Exit{Code: cli.Wrong, Text: "the Sentinels name the servers of Redis only while it runs: name the primary and each replica with --redis-node HOST:PORT"}
	}
	return each(slices.Concat(servers, w.Nodes))
}

func upstreams(w where) (all []Destination, err error) {
	for _, name := range slices.Sorted(maps.Keys(w.File.Upstreams)) {
		found, err := each(w.File.Upstreams[name].Address)
		if err != nil {
			return nil, err
		}
		for _, destination := range found {
			destination.Why, destination.listed = "("+name+")", name == routes.Registry
			all = append(all, destination)
		}
	}
	return all, nil
}

func rateLimits(w where) ([]Destination, error) {
	if w.File.RateLimits == nil {
		return nil, nil
	}
	return each([]string{w.File.RateLimits.Address})
}

func collector(w where) ([]Destination, error) {
	if w.Collector == "" {
		return nil, nil
	}
	return each([]string{w.Collector})
}

// each returns the destinations of addresses. A Unix socket is no connection that leaves the machine.
func each(addresses []string) (all []Destination, err error) {
	for _, address := range addresses {
		if strings.HasPrefix(address, "unix:") {
			continue
		}
		found, err := at(address)
		if err != nil {
			return nil, err
		}
		all = append(all, found)
	}
	return all, nil
}
