package directory

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
	"github.com/dcr-gateway/dcr-gateway/internal/strictyaml"
)

var (
	directoryName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,31}$`)
	claimName     = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
	printable     = regexp.MustCompile(`^[ !#-\[\]-~]{1,64}$`) // what refusals print
	hostName      = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9][0-9]{0,4})?$`)
)

// algorithms are those that FAPI 1.0 Part 2, section 8.6, allows.
var algorithms = []string{"PS256", "ES256"}

var listed = []dcr.Listed{dcr.ListedRequired, dcr.ListedWhenKnown, dcr.ListedOff}

// check says what is wrong with a directory, but for its CAs.
func check(d *dcr.Directory) strictyaml.Faults {
	var f strictyaml.Faults
	f.Unless(directoryName.MatchString(d.Name), "name", "be of lower-case letters, digits, dots and hyphens, at most 32")
	f.Unless(d.Issuer != "", "issuer", "be the exact iss of the directory's software statements")
	checkKeys(&f, d)
	f.Unless(len(d.Algorithms) > 0, "algorithms", "name at least one")
	f.Each("algorithms", d.Algorithms, in(algorithms), "be PS256 or ES256")
	f.Unless(d.MaxAge > 0, "statement_max_age", "be a duration above 0, as 30m")
	f.Unless(d.Environment == "" || printable.MatchString(d.Environment), "environment", "be short and printable")
	f.Unless(d.MemberState == "" || len(d.MemberState) == 2, "member_state", "be a country's code, as GB")
	f.Unless(slices.Contains(listed, d.Listed), "certificates_listed", "be required, when_known or off")
	checkClaims(&f, d)
	f.Each("active", d.ActiveStatus, printable.MatchString, "be short and printable")
	f.Unless(len(d.Scopes) > 0, "scopes", "name at least one")
	for _, token := range slices.Sorted(maps.Keys(d.Scopes)) {
		f.Unless(rule.IsScope(token), "scopes", "be scope tokens, of printable ASCII without spaces")
	}
	return f
}

// checkKeys checks where keys come from: every URL's host must be one that may be asked.
func checkKeys(f *strictyaml.Faults, d *dcr.Directory) {
	f.Unless(len(d.KeyHosts) > 0, "key_hosts", "name the hosts of the key sets")
	anywhere := slices.Equal(d.KeyHosts, []string{outbound.AnyHost})
	if anywhere {
		f.Unless(len(d.PrivateAddresses) == 0, "private_addresses", `be left out where key_hosts is ["*"]: a statement could name any host of yours`)
	} else {
		f.Each("key_hosts", d.KeyHosts, hostName.MatchString, `be a host in lower case, or host:port, without wildcards; "*", for any public host, stands alone`)
	}
	keys, err := url.Parse(d.JWKS)
	if err != nil || keys.Scheme != "https" || keys.Host == "" || keys.User != nil || keys.Fragment != "" {
		f.Add("jwks", "must be an https URL")
	} else {
		listed := func(host string) bool { return withoutPort(host) == withoutPort(keys.Host) }
		f.Unless(anywhere && withoutPort(keys.Host) == keys.Hostname() || slices.ContainsFunc(d.KeyHosts, listed), "jwks", "be of a host in key_hosts")
	}
	for i, address := range d.PrivateAddresses {
		if _, err := parsePrefix(address); err != nil {
			f.Add(fmt.Sprintf("private_addresses[%d]", i), "must be an IP address or a network as 10.0.0.0/8")
		}
	}
}

// withoutPort drops the port that https has anyway.
func withoutPort(host string) string { return strings.TrimSuffix(host, ":443") }

// checkClaims checks that every claim that a decision needs has a name, and that what a decision compares it with is
// there: a directory that names org_status but no active status would let no one register, or everyone.
func checkClaims(f *strictyaml.Faults, d *dcr.Directory) {
	c := d.Claims
	f.Each("claims", c.Names(), claimName.MatchString, "be names of claims")
	f.Each("required", d.Required, claimName.MatchString, "be names of claims")
	for _, needed := range []struct{ key, name string }{
		{"software_id", c.SoftwareID}, {"org_id", c.OrgID}, {"roles", c.Roles}, {"redirect_uris", c.RedirectURIs}, {"jwks", c.JWKS},
	} {
		f.Unless(needed.name != "", "claims."+needed.key, "name a claim")
	}
	speaks := c.OrgStatus != "" || c.Authority != ""
	f.Unless(!speaks || len(d.ActiveStatus) > 0, "active", "name at least one status, for claims.org_status or claims.authority")
	f.Unless(d.Environment == "" || c.Environment != "", "claims.environment", "name a claim, for environment")
	f.Unless(d.MemberState == "" || c.Authority != "", "claims.authority", "name a claim, for member_state")
}

// checkCertificates says what is wrong with the kinds of client certificates.
func checkCertificates(kinds []dcr.CertificateKind) strictyaml.Faults {
	var f strictyaml.Faults
	f.Unless(len(kinds) > 0, "certificates", "name at least one kind of client certificates and its CAs")
	var seen []string
	for i, kind := range kinds {
		path := fmt.Sprintf("certificates[%d]", i)
		known := rule.CertificateProfiles()
		f.Unless(slices.Contains(known, kind.Profile), path+".profile", "be one of "+strings.Join(known, ", "))
		f.Unless(!slices.Contains(seen, kind.Profile), path+".profile", "be named once")
		f.Unless(len(kind.CA) > 0, path+".ca", "name at least one PEM file")
		seen = append(seen, kind.Profile)
	}
	return f
}

// in says whether an item is one of a list's.
func in(list []string) func(string) bool {
	return func(item string) bool { return slices.Contains(list, item) }
}
