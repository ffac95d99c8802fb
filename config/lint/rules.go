package lint

import (
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// Rules returns what Lint holds a file to, by the ids of its problems.
func Rules() []routes.Rule {
	return []routes.Rule{
		{ID: "scope.unknown", Severity: yamlfile.Error, Doc: "A scope is one that a directory in use knows."},
		{ID: "role.unknown", Severity: yamlfile.Error, Doc: "A role is one that a directory in use knows."},
		{ID: "directory.unknown", Severity: yamlfile.Error, Doc: "A directory that a route names is one in use."},
		{ID: "profile.unknown", Severity: yamlfile.Error, Doc: "A registration profile is one that there is."},
		{ID: "profile.unsigned", Severity: yamlfile.Error, Doc: "A route says unsigned_requests: true where the requests of its profile are not signed, and nowhere else."},
		{ID: "profile.path", Severity: yamlfile.Error, Doc: "A path that clients are registered at ends with a slash where the profile has it so, and nowhere else."},
		{ID: "profile.management_scope", Severity: yamlfile.Error, Doc: "A route for clients asks for the scope that its profile has for that."},
		{ID: "users.unreadable", Severity: yamlfile.Error, Doc: "A file of users holds names and bcrypt hashes, and can be read."},
		{ID: "registration.body_limit", Severity: yamlfile.Error, Doc: "A route for registration requests has room for one: 16KiB."},
		{ID: "certificate.unreadable", Severity: yamlfile.Error, Doc: "A PEM file holds what it must, and can be read."},
		{ID: "certificate.pair", Severity: yamlfile.Error, Doc: "A key is that of its certificate."},
		{ID: "certificate.weak", Severity: yamlfile.Error, Doc: "Certificates have RSA keys of 2048 bits or EC keys of 256 at least, and no SHA-1 or MD5 signatures."},

		{ID: "scope.role", Severity: yamlfile.Warning, Doc: "A scope is given by one of the roles that its route asks for."},
		{ID: "route.overlap", Severity: yamlfile.Warning, Doc: "No path is met by two patterns of which neither is the more specific."},
		{ID: "public.prefix", Severity: yamlfile.Warning, Doc: "A public route does not stand among protected ones."},
		{ID: "plan.none", Severity: yamlfile.Warning, Doc: "Routes have a rate plan."},
		{ID: "upstream.plain", Severity: yamlfile.Warning, Doc: "Plain HTTP goes to Unix sockets and to addresses of this machine and of private networks only."},
		{ID: "upstream.no_timeout", Severity: yamlfile.Warning, Doc: "The file says how long an upstream is waited for."},
		{ID: "listener.unused", Severity: yamlfile.Warning, Doc: "A listener has a route."},
		{ID: "upstream.unused", Severity: yamlfile.Warning, Doc: "An upstream has a route."},
		{ID: "plan.unused", Severity: yamlfile.Warning, Doc: "A rate plan has a route."},
		{ID: "certificate.expired", Severity: yamlfile.Warning, Doc: "Certificates are valid now."},
		{ID: "certificate.expires", Severity: yamlfile.Warning, Doc: "Certificates are valid for 30 days more."},
		{ID: "certificate.host", Severity: yamlfile.Warning, Doc: "A certificate of a listener has the host of its URL, and one has each of its server names."},
	}
}
