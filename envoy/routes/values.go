package routes

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// https refuses all but an absolute https URL without user, query and fragment: "The authorization server's issuer
// identifier, which is a URL that uses the https scheme and has no query or fragment components" (RFC 8414, section 2).
func (p *problems) https(where, text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.ContainsAny(text, "?#") {
		p.add(where, "must be an https URL without user, query and fragment")
		return false
	}
	return true
}

func (p *problems) atLeastOne(where string, number int) {
	if number == 0 {
		p.add(where, "must not be missing or empty")
	}
}

func (p *problems) positive(where string, duration time.Duration) {
	if duration <= 0 {
		p.add(where, "must be longer than nothing: 5s, 300ms")
	}
}

// name refuses what would need quoting in a log line, a metric or an Envoy cluster.
func (p *problems) name(where, name string) {
	lower := letters[:26]
	if name == "" || len(name) > 64 || !madeOf(name[:1], lower) || !madeOf(name, lower+digits+"-") {
		p.add(where, "a name is 1 to 64 lower case letters, digits and -, and begins with a letter")
	}
}

func (p *problems) known(where string, values, all []string) {
	p.distinct(where, values)
	for i, value := range values {
		if !slices.Contains(all, value) {
			p.add(fmt.Sprintf("%s[%d]", where, i), "must be one of %s", strings.Join(all, ", "))
		}
	}
}

func (p *problems) distinct(where string, values []string) {
	for i, value := range values {
		if value == "" {
			p.add(fmt.Sprintf("%s[%d]", where, i), "must not be empty")
		} else if slices.Contains(values[:i], value) {
			p.add(fmt.Sprintf("%s[%d]", where, i), "is there twice")
		}
	}
}

func (p *problems) files(f *File, where string, names []string) {
	p.distinct(where, names)
	for i, name := range names {
		p.file(f, fmt.Sprintf("%s[%d]", where, i), name)
	}
}

func (p *problems) file(f *File, where, name string) {
	if info, err := os.Stat(f.Abs(name)); name == "" || err != nil || !info.Mode().IsRegular() {
		p.add(where, "must be the name of a file that is there, relative to the folder of this one")
	}
}
