package outbound

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// maxURL is how long a URL may be.
const maxURL = 2048

// Allows returns ErrForbidden unless the policy allows a URL. The address behind its name is checked only when it is
// dialled.
func (c *Client) Allows(rawURL string) error {
	// url.Parse would accept an empty fragment, a space at the end and hosts that only look like ASCII.
	odd := func(r rune) bool { return r <= ' ' || r > '~' || r == '#' || r == '\\' }
	if len(rawURL) > maxURL || strings.ContainsFunc(rawURL, odd) {
		return fmt.Errorf("%w: the URL is too long, has a fragment or a character that needs escaping", ErrForbidden)
	}
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "https" || u.Opaque != "" || u.Host == "" {
		return fmt.Errorf("%w: the URL is not a well-formed https URL", ErrForbidden)
	}
	if u.User != nil {
		return fmt.Errorf("%w: the URL holds user information", ErrForbidden)
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	if c.anyHost && port == "443" {
		return nil
	}
	if !c.hosts[net.JoinHostPort(strings.ToLower(u.Hostname()), port)] {
		return fmt.Errorf("%w: the URL's host and port are not on the list of allowed hosts", ErrForbidden)
	}
	return nil
}

// withPort returns a host of the configuration in the form that Allows looks up.
func withPort(host string) string {
	host = strings.ToLower(host)
	if name, port, err := net.SplitHostPort(host); err == nil {
		return net.JoinHostPort(name, port)
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), "443")
}

// allowsAddress checks an IP address and port that is about to be dialled.
func (c *Client) allowsAddress(address string) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: no IP address", ErrForbidden)
	}
	// Prefix.Contains is false for any address with a zone and for any IPv4 address mapped into IPv6.
	ip := target.Addr().WithZone("").Unmap()
	if public(ip) || containedIn(c.private, ip) {
		return nil
	}
	return fmt.Errorf("%w: the host's address is not public", ErrForbidden)
}

// unmapPrefix turns a prefix of IPv4-mapped IPv6 addresses into an IPv4 prefix.
func unmapPrefix(prefix netip.Prefix) netip.Prefix {
	if ip := prefix.Addr(); ip.Is4In6() && prefix.Bits() >= 96 {
		return netip.PrefixFrom(ip.Unmap(), prefix.Bits()-96)
	}
	return prefix
}

func containedIn(prefixes []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(ip) })
}
