package lint

import (
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

const (
	// mostCANames: "certificate_authorities<0..2^16-1>" (RFC 5246, section 7.4.4) and "authorities<3..2^16-1>" (RFC 8446,
	// section 4.2.4). With more, every handshake fails, also those of clients that are there already.
	mostCANames = 1<<16 - 1

	// longest is a timeout that a caller of an API may still wait for.
	longest = 2 * time.Minute
)

// authorizationServer finds what clients of the built-in authorization server would miss.
func (l *linter) authorizationServer() {
	registers, manages := l.serves(routes.EndpointRegistration, "POST"), l.serves(routes.EndpointRegistration, "GET", "PUT", "DELETE")
	token := l.serves(routes.EndpointToken, "POST")
	switch {
	case registers >= 0 && token < 0:
		l.add("as.no_token", at(registers, "endpoint"), "clients register here, and no route has the endpoint token: none of them ever gets one")
	case registers < 0 && max(manages, token) >= 0:
		l.add("as.no_registration", at(max(manages, token), "endpoint"), "no route registers clients: POST with the endpoint registration")
	}
	if registers < 0 {
		return
	}
	for _, endpoint := range []string{routes.EndpointDiscovery, routes.EndpointJWKS} {
		if l.serves(endpoint, "GET") < 0 {
			l.add("as.no_discovery", at(registers, "endpoint"), "clients register here, and no route has the endpoint %s", endpoint)
		}
	}
	if issuer, err := url.Parse(l.Issuer); err == nil && !l.hasHost(issuer) {
		l.add("issuer.host", "issuer", "no listener serves %s: clients look for the authorization server there", issuer.Host)
	}
}

// serves returns the first route with the endpoint and one of the methods, or -1.
func (l *linter) serves(endpoint string, methods ...string) int {
	return slices.IndexFunc(l.Routes, func(r routes.Route) bool {
		return r.Endpoint == endpoint && slices.ContainsFunc(r.Methods, func(m string) bool { return slices.Contains(methods, m) })
	})
}

func (l *linter) hasHost(of *url.URL) bool {
	for _, listener := range l.Listeners {
		if u, err := url.Parse(listener.URL); err == nil && u.Host == of.Host || slices.Contains(listener.ServerNames, of.Hostname()) {
			return true
		}
	}
	return false
}

// clientCAs checks what each handshake has to name.
func (l *linter) clientCAs(name string) {
	if l.Listeners[name].ClientCertificate == routes.CertificateRequired && l.known.CANames > mostCANames {
		l.add("listener.client_cas", "listeners."+name+".client_certificate",
			"the names of the directories' CAs take %d bytes of a TLS handshake, which has room for %d: no client could connect", l.known.CANames, mostCANames)
	}
}

func (l *linter) timeout(index int, route *routes.Route) {
	if route.Timeout > longest {
		l.add("route.timeout", at(index, "timeout"), "%s is longer than callers wait, and holds a connection to the upstream", route.Timeout)
	}
}

// secret checks the mode of a private key's file.
func (l *linter) secret(where, name string) {
	if info, err := os.Stat(l.Abs(name)); err == nil && info.Mode().Perm()&0o007 != 0 {
		l.add("key.readable", where, "every user of this machine can read %s (mode %04o): chmod 0640 or 0600", name, info.Mode().Perm())
	}
}
