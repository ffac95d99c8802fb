package rule

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// uriFault says what a URI must be and is not.
type uriFault struct{ rule, must string }

// uriCharacters are those of RFC 3986, section 2, less what can only be a fragment (#), an IP literal ([ and ]) or, in
// practice, a wildcard (*).
const uriCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?@!$&'()+,;=%"

// checkURI says what is wrong with a URI to which a browser or this server may be sent: nil, where it is an https URL of
// a public host, written plainly, so that no two readers can understand it differently.
func checkURI(uri string) *uriFault {
	if len(uri) > 256 {
		return &uriFault{"length", "have at most 256 characters"}
	}
	if fault := checkCharacters(uri); fault != nil {
		return fault
	}
	rest, https := strings.CutPrefix(uri, "https://")
	if !https {
		return &uriFault{"https", "begin with https://"}
	}
	authority := rest
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		authority = rest[:end]
	}
	if strings.Contains(authority, "@") {
		return &uriFault{"userinfo", "have no user name before the host"}
	}
	if fault := checkAuthority(authority); fault != nil {
		return fault
	}
	// A second opinion: what net/url reads must be what was checked.
	if parsed, err := url.Parse(uri); err != nil || parsed.Scheme != "https" || parsed.Host != authority || parsed.Opaque != "" || parsed.User != nil {
		return &uriFault{"form", "be a URI as RFC 3986 has it"}
	}
	return nil
}

func checkCharacters(uri string) *uriFault {
	for i := range len(uri) {
		switch c := uri[i]; {
		case c == '#':
			return &uriFault{"fragment", "have no fragment"}
		case c == '*':
			return &uriFault{"wildcard", "have no wildcard"}
		case strings.IndexByte(uriCharacters, c) < 0:
			return &uriFault{"characters", "be written in the ASCII characters that RFC 3986 allows"}
		}
	}
	return nil
}

// checkAuthority checks host and port.
func checkAuthority(authority string) *uriFault {
	host, port, hasPort := strings.Cut(authority, ":")
	if hasPort {
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil || number == 0 || strconv.FormatUint(number, 10) != port {
			return &uriFault{"port", "have a port from 1 to 65535, or none"}
		}
	}
	host = strings.ToLower(host)
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if !isLabel(label) {
			return &uriFault{"host", "name a host, by a DNS name without a dot at its end"}
		}
	}
	// "MUST NOT contain a host with a value of localhost" (OBIE DCR, Data Dictionary, redirect_uris); the whole of its
	// domain is this machine (RFC 6761, section 6.3).
	last := labels[len(labels)-1]
	if last == "localhost" || host == "localhost.localdomain" {
		return &uriFault{"localhost", "not have localhost as host"}
	}
	if isAddress(host, last) {
		return &uriFault{"address", "not have an IP address as host"}
	}
	return nil
}

// isLabel says whether a text is a DNS label (RFC 1123, section 2.1), or one with an underscore.
func isLabel(label string) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	return strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// isAddress says whether a browser takes a host for an IPv4 address: it does whenever the last label is a number,
// decimal, octal or hexadecimal, as in 127.1 and 0x7f000001 (URL Standard, section 3.5, "ends in a number").
func isAddress(host, last string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	if strings.Trim(last, "0123456789") == "" {
		return true
	}
	digits, hex := strings.CutPrefix(last, "0x")
	return hex && strings.Trim(digits, "0123456789abcdef") == ""
}
