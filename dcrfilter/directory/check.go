package directory

import (
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// check reports the contradictions in a directory.
func check(c *yamlfile.Check, d *dcr.Directory) {
	checkHosts(c, d)
	for i, address := range d.PrivateAddresses {
		if _, err := parsePrefix(address); err != nil {
			c.Add(invalid, fmt.Sprintf("private_addresses[%d]", i), "must be %s", kinds["network"].Words())
		}
	}
	// A value that decisions compare and the claim it belongs to need each other: a directory with org_status but no
	// active status would admit no one, or everyone.
	claims := d.Claims
	if claims.OrgStatus+claims.Authority != "" && len(d.ActiveStatus) == 0 {
		c.Add(invalid, "active", "must name at least one status, for claims.org_status or claims.authority")
	}
	if d.Environment != "" && claims.Environment == "" {
		c.Add(invalid, "claims.environment", "must name a claim, for environment")
	}
	if d.MemberState != "" && claims.Authority == "" {
		c.Add(invalid, "claims.authority", "must name a claim, for member_state")
	}
}

// checkHosts checks that the host of every URL is one that keys may be fetched from.
func checkHosts(c *yamlfile.Check, d *dcr.Directory) {
	anywhere := slices.Equal(d.KeyHosts, []string{outbound.AnyHost})
	for i, host := range d.KeyHosts {
		if host == outbound.AnyHost && !anywhere {
			c.Add(invalid, fmt.Sprintf("key_hosts[%d]", i), `must be a host: "*", for any public host, stands alone`)
		}
	}
	if anywhere && len(d.PrivateAddresses) > 0 {
		c.Add(invalid, "private_addresses", `must be left out where key_hosts is ["*"]: a statement could name any host of yours`)
	}
	keys, err := url.Parse(d.JWKS)
	if err != nil || keys.Host == "" {
		c.Add(invalid, "jwks", "must be %s", kinds["https"].Words())
		return
	}
	isKeys := func(host string) bool { return withoutPort(host) == withoutPort(keys.Host) }
	known := slices.ContainsFunc(d.KeyHosts, isKeys) || anywhere && withoutPort(keys.Host) == keys.Hostname()
	if !known && c.Sound("key_hosts") {
		c.Add(invalid, "jwks", "must be of a host in key_hosts")
	}
}

// withoutPort removes the default port of https.
func withoutPort(host string) string { return strings.TrimSuffix(host, ":443") }

// resolve finds the accepted certificate types, in this directory or in a shipped one: a file may also name the types
// of shipped directories that it does not extend. It reports their problems.
func resolve(c *yamlfile.Check, d *dcr.Directory) {
	if len(d.Certificates) == 0 {
		c.Add(invalid, "certificates", "must name at least one type of client certificates and its CAs")
	}
	known := Types()
	maps.Copy(known, d.CertificateTypes)
	own := map[string]*dcr.CertificateType{}
	for i, source := range d.Certificates {
		key := map[bool]string{true: "profile", false: "type"}[source.Profile != ""]
		where := fmt.Sprintf("certificates[%d].%s", i, key)
		switch {
		case known[source.Type] == nil:
			c.Add(invalid, where, "must be one of %s", strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		case own[source.Type] != nil:
			c.Add(invalid, where, "must be named once")
		case source.Profile != "" && source.Profile != source.Type:
			c.Add(invalid, where, "must be left out beside type")
		}
		own[source.Type] = known[source.Type]
	}
	d.CertificateTypes = known
}

// parsePrefix reads an IP address, or a network in CIDR notation.
func parsePrefix(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err == nil && prefix.Masked() != prefix {
		err = fmt.Errorf("%s has bits beyond its network", text)
	}
	return prefix, err
}
