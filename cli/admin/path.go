package admin

import (
	"fmt"
	"strings"
)

// normalise does to the path of a request what Envoy does to it before anything reads it. It returns what it did, in
// words, or why the request would be refused before any route is looked for. A test compares it with a real Envoy.
func normalise(raw string) (path string, done []string, refused string) {
	path, query, _ := strings.Cut(raw, "?")
	if refused = refuse(path, query); refused != "" {
		return "", nil, refused
	}
	note := func(next, what string) {
		if next != path {
			done = append(done, fmt.Sprintf("%s: %s", what, next))
		}
		path = next
	}
	note(strings.ReplaceAll(path, `\`, "/"), `a \ is read as /`)
	note(withoutDots(path), "dot segments are resolved")
	note(canonical(path), "characters are escaped that must be, and those are not that need not")
	note(mergeSlashes(path), "slashes side by side are one")
	// The gate refuses what Envoy has left in the path and a server might read in a way of its own.
	if strings.ContainsAny(path, ";") {
		return "", done, "400: the gate refuses a path with a ;"
	}
	return path, done, ""
}

// refuse says why Envoy refuses a path as it came.
func refuse(path, query string) string {
	for _, c := range []byte(path + query) {
		if c <= ' ' || c >= 0x7f {
			return "400: a path has printable ASCII characters only; everything else must be escaped"
		}
	}
	lower := strings.ToLower(path)
	switch {
	case !strings.HasPrefix(path, "/"):
		return "400: a path begins with /"
	case strings.Contains(path+query, "#"):
		return "400: Envoy refuses a #, which no client sends"
	case strings.Contains(lower, "%2f"), strings.Contains(lower, "%5c"):
		return "400: Envoy refuses an escaped slash or backslash: servers differ in how they read it"
	case strings.Contains(path, "%00"):
		return "400: Envoy refuses an escaped NUL"
	}
	return ""
}

// canonical escapes and unescapes characters: "URIs that differ in the replacement of an unreserved character with its
// corresponding percent-encoded US-ASCII octet are equivalent" (RFC 3986, section 2.3).
func canonical(path string) string {
	var out strings.Builder
	for i := 0; i < len(path); i++ {
		c := path[i]
		if decoded, ok := escaped(path[i:]); ok && unreserved(decoded) {
			out.WriteByte(decoded)
			i += 2
			continue
		}
		if strings.IndexByte("\"<>^`{|}", c) >= 0 {
			fmt.Fprintf(&out, "%%%02X", c)
			continue
		}
		out.WriteByte(c)
	}
	return out.String()
}

// escaped reads %41 at the beginning of a text.
func escaped(text string) (byte, bool) {
	if len(text) < 3 || text[0] != '%' {
		return 0, false
	}
	high, low := hexDigit(text[1]), hexDigit(text[2])
	return byte(high<<4 | low), high >= 0 && low >= 0
}

func hexDigit(c byte) int { return strings.IndexByte("0123456789abcdef", c|lowerCase(c)) }

// lowerCase is the bit that makes a capital letter a small one.
func lowerCase(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return 'a' - 'A'
	}
	return 0
}

func unreserved(c byte) bool {
	letter := c | lowerCase(c)
	return letter >= 'a' && letter <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// withoutDots resolves . and .., also escaped ones, and those with a parameter behind a semicolon; not those that are both.
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

func mergeSlashes(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}
