package lint

import (
	"maps"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// stepsPerPath bounds the search for overlaps, which takes exponential time for some patterns.
const stepsPerPath = 64

// overlaps finds paths that match two patterns of which neither is more specific throughout: /a/b/c matches /a/{X}/c and
// /a/b/{Y}. Each pattern also matches paths of its own, so that none is unreachable.
func (l *linter) overlaps() {
	for _, listener := range slices.Sorted(maps.Keys(l.Listeners)) {
		groups := l.Groups(listener)
		walk := &walk{roots: map[int]*node{}, steps: stepsPerPath * (len(groups) + most)}
		for i := range groups {
			walk.insert(&groups[i])
		}
		for i := range groups {
			segments := routes.Segments(groups[i].Path)
			walk.from(walk.roots[len(segments)], segments, difference{}, func(loser *routes.Group) {
				l.overlap(&groups[i], loser)
			})
			if l.full("route.overlap") {
				return
			}
		}
		if walk.steps <= 0 {
			l.add("route.overlap", "routes", "listener %q has too many paths with {Name} segments to compare all of them", listener)
		}
	}
}

// overlap records that two patterns match one path, at the route that does not get it.
func (l *linter) overlap(winner, loser *routes.Group) {
	if l.full("route.overlap") {
		l.add("route.overlap", "", "")
		return
	}
	first, second := winner.Routes[0], loser.Routes[0]
	path := meet(first.Path, second.Path)
	what := path + " matches %s of route " + second.Name + " too; it goes to %s of route " + first.Name + ", which is specific further to the left"
	for _, method := range loser.Allowed {
		if !slices.Contains(winner.Allowed, method) {
			what += ": " + method + " " + path + " is answered 405"
			break
		}
	}
	l.add("route.overlap", at(l.index(second), "path"), what, second.Path, first.Path)
}

func (l *linter) index(route *routes.Route) int {
	for i := range l.Routes {
		if &l.Routes[i] == route {
			return i
		}
	}
	return 0
}

// meet returns a path that matches both patterns.
func meet(a, b string) string {
	segments, others := routes.Segments(a), routes.Segments(b)
	for i, segment := range segments {
		if _, named := routes.Param(segment); named {
			segments[i] = others[i]
		}
	}
	return "/" + strings.Join(segments, "/")
}

// node is a segment of the paths of one length.
type node struct {
	literal  map[string]*node
	literals []*node // in insertion order
	any      *node   // a segment {Name}
	group    *routes.Group
}

// walk is a search through the patterns of a listener.
type walk struct {
	roots map[int]*node // by number of segments: only paths of one length can meet
	steps int           // left
}

func (w *walk) insert(group *routes.Group) {
	segments := routes.Segments(group.Path)
	at, ok := w.roots[len(segments)]
	if !ok {
		at = &node{}
		w.roots[len(segments)] = at
	}
	for _, segment := range segments {
		at = at.child(segment)
	}
	at.group = group
}

func (n *node) child(segment string) *node {
	if _, named := routes.Param(segment); named {
		if n.any == nil {
			n.any = &node{}
		}
		return n.any
	}
	next, ok := n.literal[segment]
	if !ok {
		next = &node{}
		if n.literal == nil {
			n.literal = map[string]*node{}
		}
		n.literal[segment] = next
		n.literals = append(n.literals, next)
	}
	return next
}

// difference is how a pattern differs from another so far: whether it was more specific somewhere, and less specific
// somewhere further to the right.
type difference struct{ more, less bool }

// from finds the patterns below a node that match a path of the given pattern, lose it, and are not just more general.
func (w *walk) from(n *node, segments []string, so difference, found func(*routes.Group)) {
	if n == nil || w.steps <= 0 {
		return
	}
	w.steps--
	if len(segments) == 0 {
		if so.more && so.less {
			found(n.group)
		}
		return
	}
	segment, rest := segments[0], segments[1:]
	if _, named := routes.Param(segment); !named {
		w.from(n.literal[segment], rest, so, found)
		w.from(n.any, rest, difference{true, so.less}, found)
		return
	}
	w.from(n.any, rest, so, found)
	if so.more { // otherwise the other one is specific further to the left, and finds this one
		for _, next := range n.literals {
			w.from(next, rest, difference{true, true}, found)
		}
	}
}
