package outbound

import (
	"errors"
	"net/netip"
	"testing"
)

func TestAllowsAddress(t *testing.T) {
	tests := []struct {
		address string // an IP address, dialled at port 443
		public  bool
	}{
		{"1.1.1.1", true},
		{"9.255.255.255", true},
		{"11.0.0.0", true},
		{"100.63.255.255", true},
		{"100.128.0.0", true},
		{"126.255.255.255", true},
		{"172.15.255.255", true},
		{"172.32.0.0", true},
		{"192.0.1.0", true},
		{"198.17.255.255", true},
		{"198.20.0.0", true},
		{"223.255.255.255", true},
		{"2606:4700:4700::1111", true},
		{"2001:200::1", true},
		{"2a00:1450::1", true},
		{"::ffff:1.1.1.1", true},

		{"0.0.0.0", false},
		{"0.1.2.3", false},
		{"10.0.0.1", false},
		{"100.64.0.0", false},
		{"100.127.255.255", false},
		{"127.0.0.1", false},
		{"127.255.255.255", false},
		{"169.254.169.254", false},
		{"172.16.0.0", false},
		{"172.31.255.255", false},
		{"192.0.0.8", false},
		{"192.0.2.1", false},
		{"192.88.99.1", false},
		{"192.168.1.1", false},
		{"198.18.0.0", false},
		{"198.19.255.255", false},
		{"198.51.100.1", false},
		{"203.0.113.1", false},
		{"224.0.0.1", false},
		{"239.255.255.255", false},
		{"240.0.0.1", false},
		{"255.255.255.255", false},

		{"::", false},
		{"::1", false},
		{"::127.0.0.1", false},              // IPv4-compatible
		{"::ffff:127.0.0.1", false},         // IPv4-mapped
		{"::ffff:a9fe:a9fe", false},         // the same of 169.254.169.254
		{"::ffff:0:127.0.0.1", false},       // IPv4-translated
		{"64:ff9b::7f00:1", false},          // NAT64
		{"64:ff9b::101:101", false},         // NAT64 of a public address: we cannot see what is behind
		{"64:ff9b:1::a00:1", false},         // local NAT64
		{"100::1", false},                   // discard-only
		{"2001::1", false},                  // Teredo
		{"2001:2::1", false},                // benchmarks
		{"2001:20::1", false},               // ORCHID
		{"2001:db8::1", false},              // documentation
		{"2002:7f00:1::", false},            // 6to4 of 127.0.0.1
		{"3fff::1", false},                  // documentation
		{"4000::1", false},                  // not assigned
		{"5f00::1", false},                  // segment routing
		{"fc00::1", false},                  // unique-local
		{"fd00:ec2::254", false},            // the same: a cloud's metadata service
		{"fe80::1", false},                  // link-local
		{"fe80::1%eth0", false},             // the same with a zone
		{"2606:4700:4700::1111%eth0", true}, // a zone changes nothing
		{"fec0::1", false},                  // site-local
		{"ff02::1", false},                  // multicast
	}
	client := New(Policy{})
	for _, test := range tests {
		t.Run(test.address, func(t *testing.T) {
			err := client.allowsAddress(netip.AddrPortFrom(netip.MustParseAddr(test.address), 443).String())
			if test.public != (err == nil) || !test.public && !errors.Is(err, ErrForbidden) {
				t.Errorf("got %v, want public %t", err, test.public)
			}
		})
	}
}

func TestAllowsPrivateAddress(t *testing.T) {
	tests := []struct {
		name, private, address string
		want                   bool
	}{
		{"in", "127.0.0.1/32", "127.0.0.1", true},
		{"beside", "127.0.0.1/32", "127.0.0.2", false},
		{"mapped", "10.0.0.0/8", "::ffff:10.1.2.3", true},
		{"named as mapped", "::ffff:10.0.0.0/104", "10.1.2.3", true},
		{"named as mapped, beside", "::ffff:10.0.0.0/104", "192.168.0.1", false},
		{"NAT64 of it", "10.0.0.0/8", "64:ff9b::a01:203", false},
		{"all of IPv6 is nothing of IPv4", "::/0", "127.0.0.1", false},
		{"all of IPv4 is nothing of IPv6", "0.0.0.0/0", "::1", false},
		{"unique-local", "fd00::/8", "fd00::1", true},
		{"with a zone", "fe80::/10", "fe80::1%eth0", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client := New(Policy{Private: []netip.Prefix{netip.MustParsePrefix(test.private)}})
			err := client.allowsAddress(netip.AddrPortFrom(netip.MustParseAddr(test.address), 443).String())
			if test.want != (err == nil) || !test.want && !errors.Is(err, ErrForbidden) {
				t.Errorf("got %v, want allowed %t", err, test.want)
			}
		})
	}
}

func TestAllowsNoName(t *testing.T) {
	if err := New(Policy{}).allowsAddress("localhost:443"); !errors.Is(err, ErrForbidden) {
		t.Errorf("got %v, want ErrForbidden", err)
	}
}
