// Package egress has the command that says what the processes of a gateway connect to, derived from their configuration:
// what a firewall or a NetworkPolicy must allow, and no more.
package egress

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
)

// The processes.
const (
	gate     = "gate"
	registry = "registry"
	envoy    = "envoy"
)

// A Destination is what a process opens TCP connections to.
type Destination struct {
	Process string `json:"process"` // gate, registry or envoy
	Why     string `json:"why"`
	Host    string `json:"host"` // a name or an IP address; "*" is any public host
	Port    uint16 `json:"port"`
	// Networks are where the host's addresses can be; unknown when empty, as for a name that any address may stand behind.
	Networks []Network `json:"networks,omitempty"`

	listed bool // the chart has a rule of its own for it
}

// A Network is a range of addresses, in CIDR notation, without some parts of it.
type Network struct {
	CIDR   string   `json:"cidr" yaml:"cidr"`
	Except []string `json:"except,omitempty" yaml:"except,omitempty"`
}

// at returns a destination at HOST:PORT. If the host is an IP address, its network is that address.
func at(address string) (Destination, error) {
	host, digits, err := net.SplitHostPort(address)
	if err != nil {
		return Destination{}, fmt.Errorf("%q is not HOST:PORT", address)
	}
	port, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || port == 0 || host == "" {
		return Destination{}, fmt.Errorf("%q is not HOST:PORT with a port from 1 to 65535", address)
	}
	made := Destination{Host: strings.ToLower(host), Port: uint16(port)}
	if ip, err := netip.ParseAddr(host); err == nil {
		made.Networks = []Network{{CIDR: netip.PrefixFrom(ip, ip.BitLen()).String()}}
	}
	return made, nil
}

// guarded limits a destination of the guarded HTTP client to the addresses that it dials.
func (d Destination) guarded(private []netip.Prefix) Destination {
	if d.Networks != nil {
		return d
	}
	for _, prefix := range private {
		d.Networks = append(d.Networks, Network{CIDR: prefix.Masked().String()})
	}
	for _, network := range outbound.Public() {
		d.Networks = append(d.Networks, Network{CIDR: network.Within.String(), Except: texts(network.Except)})
	}
	return d
}

func texts(prefixes []netip.Prefix) (all []string) {
	for _, prefix := range prefixes {
		all = append(all, prefix.String())
	}
	return all
}

// Address is HOST:PORT.
func (d Destination) Address() string { return net.JoinHostPort(d.Host, strconv.Itoa(int(d.Port))) }

// sorted returns each destination once, by process, reason, host and port.
func sorted(all []Destination) []Destination {
	order := func(a, b Destination) int {
		return cmp.Or(cmp.Compare(a.Process, b.Process), cmp.Compare(a.Why, b.Why), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Port, b.Port))
	}
	slices.SortFunc(all, order)
	return slices.CompactFunc(all, func(a, b Destination) bool { return order(a, b) == 0 })
}
