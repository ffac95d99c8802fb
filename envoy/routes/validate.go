package routes

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// reserved are upstream names that Envoy's configuration uses itself.
var reserved = []string{"gate"}

// authMethods are the ones FAPI 1.0 Advanced (section 5.2.2-14) allows.
var authMethods = []string{"private_key_jwt", "tls_client_auth"}

// Validate says everything that is wrong with the file at once: a join of Problems, in the order of the file's keys.
func (f *File) Validate() error {
	p := newProblems(f.source)
	p.https("issuer", f.Issuer)
	p.atLeastOne("audiences", len(f.Audiences))
	p.distinct("audiences", f.Audiences)
	p.atLeastOne("directories", len(f.Directories))
	p.files(f, "directories", f.Directories)
	p.atLeastOne("auth_methods", len(f.AuthMethods))
	p.known("auth_methods", f.AuthMethods, authMethods)
	p.https("tokens.audience", f.Tokens.Audience)
	p.positive("tokens.lifetime", f.Tokens.Lifetime)
	p.files(f, "tokens.keys", f.Tokens.Keys)
	f.checkListeners(p)
	f.checkUpstreams(p)
	p.atLeastOne("routes", len(f.Routes))
	for i := range f.Routes {
		f.checkRoute(p, fmt.Sprintf("routes[%d]", i), &f.Routes[i])
	}
	f.checkDuplicates(p)
	return p.err()
}

func (f *File) checkListeners(p *problems) {
	p.atLeastOne("listeners", len(f.Listeners))
	addresses := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(f.Listeners)) {
		listener, where := f.Listeners[name], "listeners."+name
		p.name(where, name)
		if address, err := netip.ParseAddrPort(listener.Address); err != nil || address.Port() == 0 {
			p.add(where+".address", "must be IP:PORT")
		} else if other, taken := addresses[listener.Address]; taken {
			p.add(where+".address", "is the address of listener %q too", other)
		}
		addresses[listener.Address] = name
		if p.https(where+".url", listener.URL) && strings.Count(listener.URL, "/") > 2 {
			p.add(where+".url", "must end after the host and port")
		}
		p.file(f, where+".certificate", listener.Certificate)
		p.file(f, where+".key", listener.Key)
		if !slices.Contains([]string{CertificateRequired, CertificateNone}, listener.ClientCertificate) {
			p.add(where+".client_certificate", "must be %s or %s", CertificateRequired, CertificateNone)
		}
	}
}

func (f *File) checkUpstreams(p *problems) {
	for _, name := range slices.Sorted(maps.Keys(f.Upstreams)) {
		upstream, where := f.Upstreams[name], "upstreams."+name
		p.name(where, name)
		if slices.Contains(reserved, name) {
			p.add(where, "is a name that the gateway uses itself")
		}
		if _, err := ParseAddress(upstream.Address); err != nil {
			p.add(where+".address", "%v", err)
		}
		p.positive(where+".timeout", upstream.Timeout)
	}
}

// checkDuplicates finds names used twice and two routes that meet one request.
func (f *File) checkDuplicates(p *problems) {
	names, requests := map[string]int{}, map[string]int{}
	for i, route := range f.Routes {
		where := fmt.Sprintf("routes[%d]", i)
		if first, taken := names[route.Name]; taken && route.Name != "" {
			p.add(where+".name", "is the name of routes[%d] too", first)
		} else {
			names[route.Name] = i
		}
		for _, method := range route.Methods {
			request := route.Listener + " " + method + " " + Shape(route.Path)
			if first, taken := requests[request]; taken && first != i {
				p.add(where+".path", "routes[%d] has this path and %s on this listener already", first, method)
			} else {
				requests[request] = i
			}
		}
	}
}
