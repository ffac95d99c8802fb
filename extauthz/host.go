package extauthz

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// maxName is the longest domain name, written without the dot of the root (RFC 1035, section 2.3.4).
const maxName = 253

// checkHost refuses a request for a host other than the one that the TLS connection was made for.
func (p *Policy) checkHost(asked target) error {
	// "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that lacks a Host header
	// field and to any request message that contains ... a Host header field with an invalid field value." (RFC 9112,
	// section 3.2)
	name, ok := hostName(asked.host)
	if !ok {
		return dcr.Refuse("host.form")
	}
	// "a request for an "https" resource MUST be rejected unless it has been received over a connection that has been
	// secured via a certificate valid for that target URI's origin" (RFC 9110, section 7.4)
	if names := p.names[asked.listener]; len(names) > 0 && !names[name] {
		return dcr.Refuse("host.name")
	}
	// Without SNI (a client that connects to an IP address sends none) only the listener's names count.
	if handshake, ok := hostName(asked.sni); asked.sni != "" && (!ok || handshake != name) {
		return dcr.Refuse("host.sni")
	}
	return nil
}

// hostName returns the host of an authority, NAME or NAME:PORT, in lower case and without a trailing dot. An IPv6 address
// keeps its brackets.
func hostName(authority string) (name string, ok bool) {
	name = authority
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, ']') { // otherwise it is part of an IPv6 address
		if !isPort(name[colon+1:]) {
			return "", false
		}
		name = name[:colon]
	}
	if strings.HasPrefix(name, "[") {
		address, err := netip.ParseAddr(strings.TrimSuffix(name[1:], "]"))
		return "[" + address.String() + "]", err == nil && address.Is6() && address.Zone() == "" && strings.HasSuffix(name, "]")
	}
	name = strings.TrimSuffix(name, ".")
	if name == "" || len(name) > maxName || name[0] == '.' || strings.HasSuffix(name, ".") || strings.Contains(name, "..") {
		return "", false
	}
	for i := range len(name) {
		c := name[i]
		alphanumeric := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alphanumeric && c != '-' && c != '.' && c != '_' {
			return "", false
		}
	}
	return strings.ToLower(name), true
}

func isPort(text string) bool {
	return text != "" && len(text) <= 5 && strings.Trim(text, "0123456789") == ""
}

// serverNames normalises the listeners' names for look-up.
func serverNames(configured map[string][]string) (map[string]map[string]bool, error) {
	all := make(map[string]map[string]bool, len(configured))
	for listener, names := range configured {
		all[listener] = make(map[string]bool, len(names))
		for _, configuredName := range names {
			name, ok := hostName(configuredName)
			if !ok {
				return nil, fmt.Errorf("listener %s: the server name %q is invalid", listener, configuredName)
			}
			all[listener][name] = true
		}
	}
	return all, nil
}
