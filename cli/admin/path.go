package admin

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	// unescaped are the escapes of unreserved characters: "URIs that differ in the replacement of an unreserved character
	// with its corresponding percent-encoded US-ASCII octet are equivalent" (RFC 3986, section 2.3).
	unescaped = regexp.MustCompile(`(?i)%(2[de]|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])`)
	toEscape  = regexp.MustCompile("[\"<>^`{|}]")
	slashes   = regexp.MustCompile(`//+`)

	unprintable  = regexp.MustCompile(`[^!-~]`)
	escapedSlash = regexp.MustCompile(`(?i)%2f|%5c|%00`)
)

// normalise normalises the path of a request as Envoy does, or says why the request is refused before routing. A test
// compares it with a real Envoy.
func normalise(raw string) (path, refused string) {
	path, query, _ := strings.Cut(raw, "?")
	switch {
	case unprintable.MatchString(path + query):
		return "", "400: a path must consist of printable ASCII characters; everything else must be escaped"
	case !strings.HasPrefix(path, "/"):
		return "", "400: a path must begin with /"
	case strings.Contains(path+query, "#"):
		return "", "400: Envoy refuses a #"
	case escapedSlash.MatchString(path):
		return "", "400: Envoy refuses an escaped slash, backslash or NUL: servers differ in how they read it"
	}
	path = slashes.ReplaceAllString(canonical(withoutDots(strings.ReplaceAll(path, `\`, "/"))), "/")
	if strings.Contains(path, ";") { // Envoy leaves it in the path, and servers differ in how they read it
		return "", "400: the gate refuses a path with a ;"
	}
	return path, ""
}

// canonical escapes exactly the characters that must be escaped.
func canonical(path string) string {
	path = unescaped.ReplaceAllStringFunc(path, func(escape string) string {
		octet, _ := strconv.ParseUint(escape[1:], 16, 8) // the pattern has two hexadecimal digits
		return string(rune(octet))
	})
	return toEscape.ReplaceAllStringFunc(path, func(c string) string { return fmt.Sprintf("%%%02X", c[0]) })
}

// withoutDots resolves . and .., also if escaped or followed by a semicolon and a parameter, but not both.
func withoutDots(path string) string {
	segments := strings.Split(path[1:], "/")
	var out []string
	for i, segment := range segments {
		name, _, parameter := strings.Cut(segment, ";")
		if !parameter {
			name = canonical(segment)
		}
		if name != "." && name != ".." {
			out = append(out, segment)
			continue
		}
		if name == ".." && len(out) > 0 {
			out = out[:len(out)-1]
		}
		if i == len(segments)-1 {
			out = append(out, "")
		}
	}
	return "/" + strings.Join(out, "/")
}
