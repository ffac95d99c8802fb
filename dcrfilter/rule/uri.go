package rule

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// uriCharacters are those of RFC 3986, section 2, without those that occur only in a fragment (#), an IP literal ([ and
// ]) or, in practice, a wildcard (*).
const uriCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?@!$&'()+,;=%"

// checkURI checks a URI to which a browser or this server would be sent. It returns "" for an https URL of a public
// host that all parsers understand in the same way, and otherwise the id of the refusal.
func checkURI(uri string) string {
	if len(uri) > 256 {
		return "redirect_uris.length"
	}
	if fault := checkCharacters(uri); fault != "" {
		return fault
	}
	rest, https := strings.CutPrefix(uri, "https://")
	if !https {
		return "redirect_uris.https"
	}
	authority := rest
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		authority = rest[:end]
	}
	if strings.Contains(authority, "@") {
		return "redirect_uris.userinfo"
	}
	if fault := checkAuthority(authority); fault != "" {
		return fault
	}
	// net/url must read the same parts that were checked above.
	if parsed, err := url.Parse(uri); err != nil || parsed.Scheme != "https" || parsed.Host != authority || parsed.Opaque != "" || parsed.User != nil {
		return "redirect_uris.form"
	}
	return ""
}

func checkCharacters(uri string) string {
	for i := range len(uri) {
		switch c := uri[i]; {
		case c == '#':
			return "redirect_uris.fragment"
		case c == '*':
			return "redirect_uris.wildcard"
		case strings.IndexByte(uriCharacters, c) < 0:
			return "redirect_uris.characters"
		}
	}
	return ""
}

// checkAuthority checks host and port.
func checkAuthority(authority string) string {
	host, port, hasPort := strings.Cut(authority, ":")
	if hasPort {
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil || number == 0 || strconv.FormatUint(number, 10) != port {
			return "redirect_uris.port"
		}
	}
	host = strings.ToLower(host)
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if !isLabel(label) {
			return "redirect_uris.host"
		}
	}
	// "MUST NOT contain a host with a value of localhost" (OBIE DCR, Data Dictionary, redirect_uris); the whole of its
	// domain is this machine (RFC 6761, section 6.3).
	last := labels[len(labels)-1]
	if last == "localhost" || host == "localhost.localdomain" {
		return "redirect_uris.localhost"
	}
	if isAddress(host, last) {
		return "redirect_uris.address"
	}
	return ""
}

// isLabel reports whether a text is a DNS label (RFC 1123, section 2.1), or one with an underscore.
func isLabel(label string) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	return strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// isAddress reports whether a browser takes the host for an IPv4 address. It does if the last label is a number,
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
