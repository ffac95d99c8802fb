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

// An explanation says what happens to a request at each listener that it can reach.
type explanation struct {
	Method  string  `json:"method"`
	URL     string  `json:"url"`
	File    string  `json:"file"`
	Version string  `json:"version"`
	Path    string  `json:"path,omitempty"`    // as compared with routes
	Refused string  `json:"refused,omitempty"` // why no route is looked up
	Note    string  `json:"note,omitempty"`    // about the listeners
	Meets   []met   `json:"meets,omitempty"`
	Others  []other `json:"others,omitempty"`
}

// A met is what happens to a request at one listener.
type met struct {
	Listener string        `json:"listener"`
	Names    []string      `json:"server_names,omitempty"`
	Status   int           `json:"status,omitempty"` // 404, 405 or 421 if no route matches
	Allow    []string      `json:"allow,omitempty"`
	Route    *routeAnswer  `json:"route,omitempty"`
	route    *routes.Route // the same
	group    *routes.Group // of its path, even if no route there has the method
}

func explainFlags(c *call, flags *flag.FlagSet) {
	flags.StringVar(&c.routes, "routes", "routes.yaml", "the routes `FILE`")
}

// explain says what happens to a request. It contacts no gate: it reads the file as gate and Envoy do.
func explain(_ context.Context, c *call) error {
	version, err := c.load(c.routes)
	if err != nil {
		return err
	}
	e := &explanation{Method: c.Operands[0], URL: c.Operands[1], File: c.routes, Version: version.ID()}
	if err := e.fill(version.File); err != nil {
		return cli.Exit{Code: 2, Text: err.Error()}
	}
	if err := c.print(e); err != nil || slices.ContainsFunc(e.Meets, func(m met) bool { return m.Route != nil }) {
		return err
	}
	return refused
}

func (e *explanation) fill(file *routes.File) error {
	host, rest, err := cutURL(e.URL)
	if err != nil {
		return err
	}
	if e.Path, e.Refused = normalise(rest); e.Refused != "" {
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

// cutURL splits a URL into host and port, and the path as sent. url.Parse would decode it.
func cutURL(text string) (host, rest string, err error) {
	scheme, after, ok := strings.Cut(text, "://")
	if !ok {
		if !strings.HasPrefix(text, "/") {
			return "", "", fmt.Errorf("URL must begin with https:// or be a path that begins with /")
		}
		return "", text, nil
	}
	if scheme != "https" {
		return "", "", fmt.Errorf("URL must be an https URL: listeners serve only https")
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

// findListeners returns the listeners that a host and port lead to, by their URL or address. If no listener matches, it
// returns all listeners, with a note.
func findListeners(file *routes.File, host string) (names []string, note string) {
	all := slices.Sorted(maps.Keys(file.Listeners))
	if host == "" {
		return all, "the URL names no host: all listeners are shown"
	}
	asked := withPort(strings.ToLower(host))
	for _, name := range all {
		if leadsTo(file.Listeners[name], asked) {
			names = append(names, name)
		}
	}
	if names == nil {
		return all, "no listener is reached at " + asked + ": all are shown"
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

// nameOf returns a host without its port.
func nameOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return strings.ToLower(name)
	}
	return strings.ToLower(host)
}

// meet matches a request against the routes of the listener as Envoy and the gate do: the first path that matches decides,
// whether or not one of its routes has the method.
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

// An other is a route that a request does not match, and why not.
type other struct {
	Route   string   `json:"route"`
	Methods []string `json:"methods"`
	Path    string   `json:"path"`
	Why     string   `json:"why"`
	far     int      // number of differences
}

const (
	mostOthers   = 10
	mostSegments = 2 // that may differ in the path of a near route
)

// others returns the nearest routes that the request does not match, those of the same path first.
func (e *explanation) others(file *routes.File) []other {
	var all []other
	for i := range file.Routes {
		route := &file.Routes[i]
		if slices.ContainsFunc(e.Meets, func(m met) bool { return m.route == route }) {
			continue
		}
		missing, given := apart(route.Path, e.Path)
		if max(len(missing), len(given)) > mostSegments || !share(route.Path, e.Path) {
			continue
		}
		why := e.whyNot(route, missing, given)
		far := len(missing) + len(given) + len(why)
		all = append(all, other{Route: route.Name, Methods: route.Methods, Path: route.Path, Why: strings.Join(why, "; "), far: far})
	}
	slices.SortStableFunc(all, func(a, b other) int { return a.far - b.far })
	return all[:min(len(all), mostOthers)]
}

// share reports whether two paths have their first or last segment in common.
func share(pattern, path string) bool {
	want, have := routes.Segments(pattern), routes.Segments(path)
	return want[0] == have[0] || want[len(want)-1] == have[len(have)-1]
}

// whyNot says why the request does not match a route. The paths differ in the given segments.
func (e *explanation) whyNot(route *routes.Route, missing, given []string) []string {
	at := slices.IndexFunc(e.Meets, func(m met) bool { return m.Listener == route.Listener })
	var why []string
	if len(missing)+len(given) > 0 {
		why = append(why, "it has "+piece(missing)+" where the request has "+piece(given))
	} else if at >= 0 && e.Meets[at].group != nil && routes.Shape(e.Meets[at].group.Path) != routes.Shape(route.Path) {
		why = append(why, e.Meets[at].group.Path+" is more specific, and a request with that path matches no other")
	}
	if !slices.Contains(route.Methods, e.Method) {
		why = append(why, "it does not have "+e.Method)
	}
	if at < 0 {
		why = append(why, "it is at listener "+route.Listener)
	} else if e.Meets[at].Status == 421 {
		why = append(why, "its listener does not have this host")
	}
	return why
}

// apart returns the differing segments of a route's path and a request's path, without their common prefix and suffix.
func apart(pattern, path string) (missing, given []string) {
	missing, given = routes.Segments(pattern), routes.Segments(path)
	for len(missing) > 0 && len(given) > 0 && fits(missing[0], given[0]) {
		missing, given = missing[1:], given[1:]
	}
	for len(missing) > 0 && len(given) > 0 && fits(missing[len(missing)-1], given[len(given)-1]) {
		missing, given = missing[:len(missing)-1], given[:len(given)-1]
	}
	return missing, given
}

// fits reports whether a segment of a request matches a segment of a pattern.
func fits(want, have string) bool {
	_, named := routes.Param(want)
	return want == have || named && have != ""
}

func piece(segments []string) string {
	if len(segments) == 0 {
		return "nothing"
	}
	return "/" + strings.Join(segments, "/")
}
