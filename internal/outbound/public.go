package outbound

import "net/netip"

// globalUnicast is the part of IPv6 that is assigned for global unicast (RFC 4291, section 2.4; IANA). All other addresses
// are refused: ::, ::1, IPv4-mapped and -compatible, NAT64 (64:ff9b::/96 and 64:ff9b:1::/48), discard-only,
// unique-local, link-local, site-local and multicast.
var globalUnicast = netip.MustParsePrefix("2000::/3")

// notPublic are the special-purpose addresses of IPv4, and those within IPv6's global unicast (RFC 6890 and IANA's
// registries). netip's own predicates know only some of them.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("10.0.0.0/8"),      // private
	netip.MustParsePrefix("100.64.0.0/10"),   // carrier-grade NAT
	netip.MustParsePrefix("127.0.0.0/8"),     // loopback
	netip.MustParsePrefix("169.254.0.0/16"),  // link-local, and the metadata services of clouds
	netip.MustParsePrefix("172.16.0.0/12"),   // private
	netip.MustParsePrefix("192.0.0.0/24"),    // IETF protocols
	netip.MustParsePrefix("192.0.2.0/24"),    // documentation
	netip.MustParsePrefix("192.88.99.0/24"),  // 6to4 relays
	netip.MustParsePrefix("192.168.0.0/16"),  // private
	netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"), // documentation
	netip.MustParsePrefix("203.0.113.0/24"),  // documentation
	netip.MustParsePrefix("224.0.0.0/4"),     // multicast
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved, and broadcast

	netip.MustParsePrefix("2001::/23"),     // IETF protocols, Teredo and benchmarks among them
	netip.MustParsePrefix("2001:db8::/32"), // documentation
	netip.MustParsePrefix("2002::/16"),     // 6to4, which holds an IPv4 address
	netip.MustParsePrefix("3fff::/20"),     // documentation
}

// public reports whether an address, unmapped and without zone, is on the public Internet.
func public(ip netip.Addr) bool {
	if !ip.Is4() && !globalUnicast.Contains(ip) {
		return false
	}
	return !containedIn(notPublic, ip)
}

// A Network is a range of addresses without some parts of it.
type Network struct {
	Within netip.Prefix
	Except []netip.Prefix // each within Within
}

// Public returns the networks of the public addresses: all that a client dials whose policy has no private ones.
func Public() []Network {
	networks := []Network{{Within: netip.MustParsePrefix("0.0.0.0/0")}, {Within: globalUnicast}}
	for _, prefix := range notPublic {
		for i := range networks {
			if within := networks[i].Within; within.Addr().Is4() == prefix.Addr().Is4() && within.Overlaps(prefix) {
				networks[i].Except = append(networks[i].Except, prefix)
			}
		}
	}
	return networks
}
