package admin

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

// An explanation is what a request would meet, at each listener that it could come to.
type explanation struct {
	Method     string   `json:"method"`
	URL        string   `json:"url"`
	File       string   `json:"file"`
	Version    string   `json:"version"`
	Path       string   `json:"path,omitempty"`       // as it is compared with routes
	Normalised []string `json:"normalised,omitempty"` // what was done to it, in order
	Refused    string   `json:"refused,omitempty"`    // why nothing is compared at all
	Note       string   `json:"note,omitempty"`       // on the listeners
	Meets      []met    `json:"meets,omitempty"`
	Others     []other  `json:"others,omitempty"`
}

// A met is what a request meets at one listener.
type met struct {
	Listener string        `json:"listener"`
	Names    []string      `json:"server_names,omitempty"`
	Status   int           `json:"status,omitempty"` // 404, 405 or 421, where it is no route
	Allow    []string      `json:"allow,omitempty"`
	Route    *routeAnswer  `json:"route,omitempty"`
	route    *routes.Route // the same
	group    *routes.Group // of its path, also where the method is another's
}

func explainFlags(c *call, flags *flag.FlagSet) {
	flags.StringVar(&c.routes, "routes", "routes.yaml", "the routes `FILE`")
}

// explain says what a request would meet. It asks nobody: it reads the file as gate and Envoy do.
func explain(_ context.Context, c *call) error {
	version, err := c.load(c.routes)
	if err != nil {
		return err
	}
	e := &explanation{Method: c.Operands[0], URL: c.Operands[1], File: c.routes, Version: version.ID()}
	if err := e.fill(version.File); err != nil {
		return cli.Exit{Code: 2, Text: err.Error()}
	}
	return c.print(e)
}

func (e *explanation) fill(file *routes.File) error {
	host, rest, err := cutURL(e.URL)
	if err != nil {
		return err
	}
	if e.Path, e.Normalised, e.Refused = normalise(rest); e.Refused != "" {
		return nil
	}
	var listeners []string
	listeners, e.Note = findListeners(file, host)
	for _, listener := range listeners {
		m := met{Listener: listener, Names: file.Listeners[listener].ServerNames}
		if e.Note == "" && len(m.Names) > 0 && !slices.Contains(m.Names, nameOf(host)) {
			m.Status = 421
		} else {
			m.meet(file, e.Method, e.Path)
		}
		e.Meets = append(e.Meets, m)
	}
	e.Others = e.others(file)
	return nil
}

// cutURL cuts a URL into host and port, and what is sent as the path. It is not parsed as a URL, which would decode it.
func cutURL(text string) (host, rest string, err error) {
	scheme, after, ok := strings.Cut(text, "://")
	if !ok {
		if !strings.HasPrefix(text, "/") {
			return "", "", fmt.Errorf("URL must begin with https:// or be a path that begins with /")
		}
		return "", text, nil
	}
	if scheme != "https" {
		return "", "", fmt.Errorf("URL must be an https URL: the listeners speak nothing else")
	}
	end := strings.IndexAny(after, "/?#")
	if end < 0 {
		return after, "/", nil
	}
	if host, rest = after[:end], after[end:]; rest[0] != '/' {
		rest = "/" + rest
	}
	return host, rest, nil
}

// findListeners returns the listeners that a host and port lead to, by the URL that clients use or by its address; all
// of them where there is none, and a note on that.
func findListeners(file *routes.File, host string) (names []string, note string) {
	all := slices.Sorted(maps.Keys(file.Listeners))
	if host == "" {
		return all, "the URL names no host: all listeners are looked at"
	}
	asked := withPort(strings.ToLower(host))
	for _, name := range all {
		if leadsTo(file.Listeners[name], asked) {
			names = append(names, name)
		}
	}
	if names == nil {
		return all, "no listener is reached at " + asked + ": all are looked at"
	}
	return names, ""
}

func leadsTo(listener routes.Listener, asked string) bool {
	if listener.Address == asked {
		return true
	}
	u, err := url.Parse(listener.URL)
	if err != nil {
		return false
	}
	own := withPort(u.Host)
	port := own[strings.LastIndexByte(own, ':'):]
	return asked == own || slices.Contains(listener.ServerNames, nameOf(asked)) && strings.HasSuffix(asked, port)
}

func withPort(host string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return host + ":443"
}

// nameOf is a host without its port.
func nameOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return strings.ToLower(name)
	}
	return strings.ToLower(host)
}

// meet compares a request with the routes of the listener as Envoy does, and as the gate checks that it did: in the order
// of the paths, the first that has it is its path, whether or not it has the method.
func (m *met) meet(file *routes.File, method, path string) {
	m.Status = 404
	for _, group := range file.Groups(m.Listener) {
		if _, is := group.Routes[0].Params(path); !is {
			continue
		}
		m.Status, m.Allow, m.group = 405, group.Allowed, &group
		for _, route := range group.Routes {
			if slices.Contains(route.Methods, method) {
				m.Status, m.Allow = 0, nil
				m.route, m.Route = route, newRouteAnswer(file, route, path)
			}
		}
		return
	}
}
