package routes

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// A Check is something that the gate proves about a request before it allows the request.
type Check struct {
	Name  string
	Doc   string   // what it proves
	Needs []string // checks whose facts it reads: a route must name them too

	Key      string   // of the route, with the values that the check compares with: a route has both or neither
	Only     []string // further keys that the check reads: a key has no effect without a check that reads it
	Segment  string   // name of the {Name} that the route's path must have
	Endpoint string   // that the route must be
	Without  []string // checks that read the same credential: a route has either
}

// The names of the checks that code refers to.
const (
	CheckCertificate = "certificate"
	CheckBasic       = "basic"
	CheckClientAuth  = "clientauth"
	CheckBearer      = "bearer"
	CheckOwner       = "owner"
	CheckScope       = "scope"
	CheckRole        = "role"
	CheckStatement   = "statement"
)

// Checks is the table of all checks, in the order in which they run, whatever the order in which a route names them.
// Reader, linter, JSON Schema, explain, documents and the gate's chains read this table.
//
// ORDERING IS PART OF THE SECURITY: a check reads only facts of checks above it, and cheap checks come first, so that
// requests of strangers stay cheap. Add a check after those whose facts it needs, never where it happens to work.
var Checks = []Check{
	{Name: CheckCertificate, Doc: "the TLS client certificate is valid and issued under a CA of a directory"},
	{Name: CheckBasic, Doc: "the request has a user name and password from the route's users file (RFC 7617)", Needs: []string{CheckCertificate},
		Key: "users", Without: []string{CheckClientAuth, CheckBearer}},
	{Name: CheckClientAuth, Doc: "the client has authenticated (RFC 6749, section 2.3)", Needs: []string{CheckCertificate}},
	{Name: CheckBearer, Doc: "the access token is valid and bound to the certificate", Needs: []string{CheckCertificate}},
	{Name: CheckOwner, Doc: "the token belongs to the client that the path names", Needs: []string{CheckBearer}, Segment: ClientIDParam, Only: []string{"directories"}},
	{Name: CheckScope, Doc: "the token has the route's scopes", Needs: []string{CheckBearer}, Key: "scopes"},
	{Name: CheckRole, Doc: "the client's software product has the route's roles", Needs: []string{CheckBearer}, Key: "roles"},
	{Name: CheckStatement, Doc: "the body is a registration request with a valid software statement", Needs: []string{CheckCertificate},
		Endpoint: EndpointRegistration, Only: []string{"dry_run", "directories", "audiences", "unsigned_requests"}},
}

// checkNames returns the names of all checks, in order.
func checkNames() []string {
	var names []string
	for i := range Checks {
		names = append(names, Checks[i].Name)
	}
	return names
}

// Chain returns the names of the route's checks in the order in which the gate runs them; a public route has none. It
// fails if a check is unknown or named twice, if the route lacks something that a check needs, or if its endpoint demands
// another check. The reader reports such a route with its line; Chain makes sure that no invalid chain is built, wherever
// the route comes from.
func (r *Route) Chain() ([]string, error) {
	for _, lack := range r.duties() {
		return nil, errors.New(lack.what)
	}
	switch {
	case r.Public && len(r.Checks) > 0:
		return nil, errors.New("a public route has no checks")
	case r.Public:
		return nil, nil
	case len(r.Checks) == 0:
		return nil, errors.New("a route without checks must say that it is public")
	}
	var chain []string
	for i := range Checks {
		check := &Checks[i]
		if !r.Needs(check.Name) {
			continue
		}
		for _, lack := range check.lacks(r) {
			return nil, errors.New(lack.what)
		}
		chain = append(chain, check.Name)
	}
	if len(chain) != len(r.Checks) {
		return nil, fmt.Errorf("a check of %q is unknown or named twice", r.Checks)
	}
	return chain, nil
}

// Needs reports whether the route names a check.
func (r *Route) Needs(check string) bool { return slices.Contains(r.Checks, check) }

// A lack is something that a route must have for one of its checks and does not have.
type lack struct{ rule, key, what string }

// lacks returns what the route must have for the check and does not have.
func (c *Check) lacks(r *Route) []lack {
	var all []lack
	add := func(rule, key, what string, arguments ...any) {
		all = append(all, lack{"route." + rule, key, fmt.Sprintf(what, arguments...)})
	}
	own := cmp.Or(c.Key, c.Name)
	for _, need := range c.Needs {
		if !r.Needs(need) {
			add("needs", "checks", "the check %s needs the check %s", c.Name, need)
		}
	}
	for _, other := range c.Without {
		if r.Needs(other) {
			add(own, "checks", "the check %s does not go with the check %s: both read the same credential", c.Name, other)
		}
	}
	if c.Key != "" && !r.has(c.Key) {
		add(own, c.Key, "the check %s needs %s", c.Name, c.Key)
	}
	if segment := "{" + c.Segment + "}"; c.Segment != "" && !slices.Contains(Segments(r.Path), segment) {
		add(own, "path", "the check %s needs a segment %s", c.Name, segment)
	}
	if c.Endpoint != "" && r.Endpoint != c.Endpoint {
		add(own, "endpoint", "the check %s needs the endpoint %s", c.Name, c.Endpoint)
	}
	return all
}

// idle returns the keys of the route that have no effect because the route names none of the checks that read them; with
// each key the names of these checks.
func (r *Route) idle() map[string][]string {
	readers := map[string][]string{}
	for i := range Checks {
		for _, key := range append(slices.Clone(Checks[i].Only), Checks[i].Key) {
			if key != "" && r.has(key) {
				readers[key] = append(readers[key], Checks[i].Name)
			}
		}
	}
	maps.DeleteFunc(readers, func(_ string, names []string) bool { return slices.ContainsFunc(names, r.Needs) })
	return readers
}

// has reports whether the route has a non-empty value for a key.
func (r *Route) has(key string) bool {
	value := reflect.ValueOf(r).Elem().Field(routeKeys[key])
	if value.Kind() == reflect.Slice {
		return value.Len() > 0
	}
	return !value.IsZero()
}

// routeKeys are the fields of a route by their keys in the file.
var routeKeys = func() map[string]int {
	keys, model := map[string]int{}, reflect.TypeFor[Route]()
	for i := range model.NumField() {
		keys[model.Field(i).Tag.Get("yaml")] = i
	}
	return keys
}()
