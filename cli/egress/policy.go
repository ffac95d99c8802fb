package egress

import (
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/dcr-gateway/dcr-gateway/internal/bounded"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

// pods are the kinds of pods, each with the processes in it. They are the keys of the chart's value networkPolicy.egress.
var pods = []struct {
	name      string
	processes []string
}{{"gateway", []string{gate, envoy}}, {"registry", []string{registry}}}

// A rule is a rule of a NetworkPolicy's egress (networking.k8s.io/v1), as far as it is about addresses.
type rule struct {
	To    []peer `yaml:"to,omitempty"` // any destination when empty
	Ports []port `yaml:"ports"`        // any port when empty
}

type peer struct {
	IPBlock           *Network `yaml:"ipBlock,omitempty"`
	PodSelector       any      `yaml:"podSelector,omitempty"`
	NamespaceSelector any      `yaml:"namespaceSelector,omitempty"`
}

type port struct {
	Port     any    `yaml:"port"` // a number, or the name of a pod's port
	EndPort  int    `yaml:"endPort,omitempty"`
	Protocol string `yaml:"protocol,omitempty"`
}

// printPolicy writes the rules for each kind of pod. A NetworkPolicy knows addresses and no names: a rule for a name allows its
// port everywhere, until somebody adds the addresses.
func printPolicy(w io.Writer, all []Destination) error {
	var text strings.Builder
	for _, pod := range pods {
		rules := ""
		for _, d := range all {
			if !d.listed && slices.Contains(pod.processes, d.Process) && !strings.Contains(rules, "# "+d.Address()+"\n") {
				rules += d.policy()
			}
		}
		if rules == "" {
			rules = " []\n"
		} else {
			rules = "\n" + rules
		}
		text.WriteString(pod.name + ":" + rules)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// policy is the rule for one destination.
func (d Destination) policy() string {
	var text strings.Builder
	fmt.Fprintf(&text, "  # %s: %s\n  # %s\n", d.Process, d.Why, d.Address())
	fmt.Fprintf(&text, "  - ports: [{port: %d, protocol: TCP}]\n", d.Port)
	if len(d.Networks) == 0 {
		text.WriteString("    # the name stands for any address: narrow it with to: [{ipBlock: {cidr: ...}}]\n")
		return text.String()
	}
	text.WriteString("    to:\n")
	for _, network := range d.Networks {
		fmt.Fprintf(&text, "      - ipBlock:\n          cidr: %s\n", network.CIDR)
		if len(network.Except) > 0 {
			fmt.Fprintf(&text, "          except: [%s]\n", strings.Join(network.Except, ", "))
		}
	}
	return text.String()
}

// maxRules is the size of a file of rules, in bytes.
const maxRules = 1 << 20

// check prints each destination that the rules of a file do not allow.
func check(w io.Writer, path string, all []Destination) error {
	text, err := bounded.ReadFile(path, maxRules)
	if err != nil {
		return cli.Exit{Code: cli.Wrong, Text: err.Error()}
	}
	var rules map[string][]rule
	if err := yaml.Unmarshal(text, &rules); err != nil {
		return cli.Exit{Code: cli.Wrong, Text: path + ` is not the value networkPolicy.egress: the lists of rules "gateway" and "registry"`}
	}
	missing := 0
	for _, pod := range pods {
		for _, d := range all {
			allows := func(r rule) bool { return r.allows(d) }
			if !d.listed && slices.Contains(pod.processes, d.Process) && !slices.ContainsFunc(rules[pod.name], allows) {
				missing++
				fmt.Fprintf(w, "networkPolicy.egress.%s does not allow %s, which the %s connects to: %s\n", pod.name, d.Address(), d.Process, d.Why)
			}
		}
	}
	if missing > 0 {
		return cli.Exit{Code: cli.Failed, Text: "the rules do not allow all that the configuration needs: dcr-gateway egress --output policy prints what does"}
	}
	return nil
}

// allows reports whether a rule lets a process connect to a destination. What a selector of pods or a name stands for is not
// known here: for these the port decides.
func (r rule) allows(d Destination) bool {
	if len(r.Ports) > 0 && !slices.ContainsFunc(r.Ports, func(p port) bool { return p.allows(d.Port) }) {
		return false
	}
	selects := func(p peer) bool { return p.IPBlock == nil }
	if len(r.To) == 0 || len(d.Networks) != 1 || slices.ContainsFunc(r.To, selects) {
		return true
	}
	address, err := netip.ParsePrefix(d.Networks[0].CIDR)
	return err == nil && slices.ContainsFunc(r.To, func(p peer) bool { return p.IPBlock.holds(address) })
}

func (p port) allows(number uint16) bool {
	if p.Protocol != "" && p.Protocol != "TCP" {
		return false
	}
	switch first := p.Port.(type) {
	case nil, string: // every port, or one of a pod
		return true
	case uint64:
		return uint64(number) == first || p.EndPort > 0 && uint64(number) >= first && int(number) <= p.EndPort
	}
	return false
}

// holds reports whether a network has all of a range of addresses.
func (n *Network) holds(addresses netip.Prefix) bool {
	in := func(cidr string) bool {
		within, err := netip.ParsePrefix(cidr)
		return err == nil && within.Bits() <= addresses.Bits() && within.Contains(addresses.Addr())
	}
	return in(n.CIDR) && !slices.ContainsFunc(n.Except, in)
}
