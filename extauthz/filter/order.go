package filter

import (
	"fmt"
	"slices"
)

// order is the order in which filters run, whatever the order a route names them in.
//
// ORDERING IS PART OF THE SECURITY: a filter reads only facts of filters above it, and no request of a stranger may cost
// more than its place here allows. Add a filter where its facts are ready, never where it happens to work.
var order = []string{
	"certificate", // who holds the connection
	"basic",       // that it knows a password as well, where a route wants one
	"clientauth",  // which client asks, at the token endpoint
	"bearer",      // which client asks, everywhere else
	"owner",       // that it asks for itself
	"scope",       // what its token allows
	"role",        // what its software is
	"statement",   // that the registration request and its software statement hold
}

// Chain returns the named filters in the order they run. It refuses an empty chain, a name that is unknown or named
// twice, and a chain in which a filter's needs are not met by filters before it.
func Chain(all []Filter, names []string) ([]Filter, error) {
	if len(names) == 0 {
		return nil, fmt.Errorf("no checks are named: a route without checks must say that it is public")
	}
	for i, name := range names {
		if !slices.Contains(order, name) || slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("check %q is unknown or named twice; the checks are %v", name, order)
		}
	}
	var chain []Filter
	var proved []string
	for _, name := range order {
		if !slices.Contains(names, name) {
			continue
		}
		i := slices.IndexFunc(all, func(f Filter) bool { return f.Name() == name })
		if i < 0 {
			return nil, fmt.Errorf("check %q is not available", name)
		}
		for _, need := range all[i].Needs() {
			if !slices.Contains(proved, need) {
				return nil, fmt.Errorf("check %q needs check %q, which the route does not name", name, need)
			}
		}
		chain, proved = append(chain, all[i]), append(proved, name)
	}
	return chain, nil
}
