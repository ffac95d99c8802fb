package lint

import (
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// Rules returns the rules of Lint, by the ids of their problems.
func Rules() []routes.Rule {
	return []routes.Rule{
		{ID: "scope.unknown", Severity: yamlfile.Error, Doc: "A scope is defined by a configured directory."},
		{ID: "role.unknown", Severity: yamlfile.Error, Doc: "A role is defined by a configured directory."},
		{ID: "directory.unknown", Severity: yamlfile.Error, Doc: "A directory that a route names is configured."},
		{ID: "profile.unknown", Severity: yamlfile.Error, Doc: "A registration profile exists."},
		{ID: "profile.unsigned", Severity: yamlfile.Error, Doc: "A route sets unsigned_requests: true if the requests of its profile are unsigned, and only then."},
		{ID: "profile.path", Severity: yamlfile.Error, Doc: "A registration path ends with a slash if the profile requires it, and only then."},
		{ID: "profile.management_scope", Severity: yamlfile.Error, Doc: "A route that manages clients requires the management scope of its profile."},
		{ID: "registry.tls", Severity: yamlfile.Error, Doc: "The registry's upstream is a Unix socket, or has TLS with a client certificate."},
		{ID: "users.unreadable", Severity: yamlfile.Error, Doc: "A users file is readable and contains user names and bcrypt hashes."},
		{ID: "registration.body_limit", Severity: yamlfile.Error, Doc: "A route for registration requests has a body limit of at least 16KiB."},
		{ID: "certificate.unreadable", Severity: yamlfile.Error, Doc: "A PEM file is readable and contains what its key calls for."},
		{ID: "listener.expired", Severity: yamlfile.Error, Doc: "A listener's certificate is valid now."},
		{ID: "listener.client_cas", Severity: yamlfile.Error, Doc: "The names of all CAs of client certificates fit into a TLS handshake: 65,535 bytes."},
		{ID: "certificate.pair", Severity: yamlfile.Error, Doc: "A certificate and its key match."},
		{ID: "tokens.key", Severity: yamlfile.Error, Doc: "A file of tokens.keys has one RSA key of 2048 to 8192 bits, as PKCS #8 in PEM form."},
		{ID: "certificate.weak", Severity: yamlfile.Error, Doc: "Certificates have RSA keys of at least 2048 bits or EC keys of at least 256, and no SHA-1 or MD5 signatures."},

		{ID: "registration.directories", Severity: yamlfile.Warning, Doc: "Where there are several directories, a registration route names those that it serves."},
		{ID: "scope.role", Severity: yamlfile.Warning, Doc: "One of the roles that a route requires grants each of its scopes."},
		{ID: "route.overlap", Severity: yamlfile.Warning, Doc: "No path is matched by two patterns of which neither is more specific."},
		{ID: "public.prefix", Severity: yamlfile.Warning, Doc: "A public route is not among protected ones."},
		{ID: "plan.none", Severity: yamlfile.Warning, Doc: "Routes have a rate plan."},
		{ID: "upstream.plain", Severity: yamlfile.Warning, Doc: "Plain HTTP is only for Unix sockets and for addresses of this machine or of private networks."},
		{ID: "upstream.no_timeout", Severity: yamlfile.Warning, Doc: "An upstream sets its timeout."},
		{ID: "listener.any_host", Severity: yamlfile.Warning, Doc: "A listener names the servers that clients may ask for, if its URL has a host name."},
		{ID: "listener.unused", Severity: yamlfile.Warning, Doc: "A listener has a route."},
		{ID: "upstream.unused", Severity: yamlfile.Warning, Doc: "An upstream has a route."},
		{ID: "plan.unused", Severity: yamlfile.Warning, Doc: "A rate plan has a route."},
		{ID: "as.no_token", Severity: yamlfile.Warning, Doc: "Where clients can register, they can get a token."},
		{ID: "as.no_registration", Severity: yamlfile.Warning, Doc: "Where clients get tokens or are managed, they can register."},
		{ID: "as.no_discovery", Severity: yamlfile.Warning, Doc: "Where clients can register, they can find the endpoints and the keys of the authorization server."},
		{ID: "issuer.host", Severity: yamlfile.Warning, Doc: "A listener serves the host of the issuer, which clients find the authorization server by."},
		{ID: "route.timeout", Severity: yamlfile.Warning, Doc: "A route's timeout is at most two minutes."},
		{ID: "key.readable", Severity: yamlfile.Warning, Doc: "Nobody but its owner and group can read a private key."},
		{ID: "certificate.expired", Severity: yamlfile.Warning, Doc: "Certificates of upstreams, and those for them, are valid now."},
		{ID: "certificate.expires", Severity: yamlfile.Warning, Doc: "Certificates are valid for at least 30 more days."},
		{ID: "certificate.host", Severity: yamlfile.Warning, Doc: "A listener's certificate covers the host of its URL, and each server name is covered by one of its certificates."},
	}
}
