package routes

import "github.com/dcr-gateway/dcr-gateway/internal/yamlfile"

// A Rule is a rule that a file must follow.
type Rule struct {
	ID       string
	Severity yamlfile.Severity
	Doc      string
}

// Rules returns the rules of Parse, by the ids of their problems. Ids that begin with key. or value. are about the form of
// one value; the JSON Schema checks them too.
func Rules() []Rule {
	all := make([]Rule, len(rules))
	for i, rule := range rules {
		all[i] = Rule{ID: rule.id, Severity: yamlfile.Error, Doc: rule.doc}
	}
	return all
}

var rules = []struct{ id, doc string }{
	{"yaml.size", "The file is at most 8 MiB."},
	{"yaml.syntax", "The file is YAML in UTF-8."},
	{"yaml.empty", "The file is not empty."},
	{"yaml.documents", "The file is a single YAML document."},
	{"yaml.depth", "Objects and lists are nested at most 32 levels deep."},
	{"yaml.keys", "An object has at most 4096 keys, each of at most 128 characters."},
	{"yaml.key", "A key is a plain word."},
	{"yaml.duplicate", "A key occurs only once in an object."},
	{"yaml.merge", "Merge keys (<<) are not allowed."},
	{"yaml.tag", "A value has no tag (!)."},
	{"yaml.alias", "An alias refers to an anchor on a whole value above it, and aliases do not expand without limit."},
	{"secret.inline", "Keys and certificates are in separate files, which this file names."},

	{"key.unknown", "A key exists in the model at this place."},
	{"key.missing", "A key without a default is present."},
	{"key.name", "The name of a listener, an upstream or a plan consists of lower-case letters, digits and hyphens."},
	{"value.missing", "A key has a value."},
	{"value.type", "A value has the right type: text, number, true or false, list or object."},
	{"value.form", "A value has the format of its key; durations and sizes have a unit."},
	{"value.enum", "A value is one of those that the key allows."},
	{"value.range", "A number is within its range."},
	{"value.empty", "A list or a map of names is not empty."},
	{"value.twice", "A list contains each value once."},
	{"number.form", "A number is written in plain decimal digits."},
	{"duration.range", "A duration is between one millisecond and one day."},
	{"file.missing", "A file that is named exists."},
	{"url.form", "An https URL has a valid host and port and no invalid escape."},
	{"address.form", "A server address is unix:PATH or HOST:PORT, with a port from 1 to 65535."},

	{"metadata.own", "The metadata have no member that the gateway sets itself."},
	{"metadata.url", "A member of the metadata that names an endpoint is an https URL."},
	{"listener.address", "Each listener has a different IP address and port."},
	{"listener.url", "A listener's URL ends after the host and the port."},
	{"listener.server_names", "The server names of a listener include the host of its URL."},
	{"upstream.name", "An upstream's name is not reserved for the gateway's own clusters in Envoy."},
	{"upstream.timeout", "An upstream's connect_timeout is not longer than its timeout."},
	{"upstream.health", "The timeout of a health check is not longer than its interval, and the registry is asked at its own path."},
	{"upstream.tls", "An upstream's client certificate and its key are both present or both absent."},
	{"upstream.strip_headers", "A header that an upstream does not receive is one that requests can do without, and the upstream is not the registry."},
	{"plan.empty", "A plan has at least one limit."},
	{"tokens.lifetime", "The lifetime of access tokens is long enough to use them, and in whole seconds."},
	{"edge.range", "A limit of the edge is high enough for Envoy and its clients to work, and low enough to take effect."},
	{"edge.health_path", "The path for load balancers is not that of a route."},
	{"edge.order", "The timeout for a request's header is not longer than that for the whole request."},

	{"route.name", "A route's name is unique, and not reserved for the gateway's own routes in Envoy."},
	{"route.path", "A path has no two segments of the same name, and ends with a slash only where clients are registered."},
	{"route.duplicate", "No two routes of a listener match the same requests."},
	{"route.listener", "A route's listener exists."},
	{"route.certificate", "A route with checks is on a listener that requires a client certificate."},
	{"route.upstream", "A route's upstream exists."},
	{"route.plan", "A route's plan exists."},
	{"route.public", "A public route has no checks."},
	{"route.checks", "A route that is not public has checks."},
	{"route.needs", "A check comes with the checks whose results it reads."},
	{"route.scopes", "The key scopes and the check scope are both present or both absent."},
	{"route.roles", "The key roles and the check role are both present or both absent."},
	{"route.users", "The key users and the check basic are both present or both absent, and no other check of the route reads the Authorization header."},
	{"route.owner", "The check owner needs a segment {ClientId} in the path."},
	{"route.statement", "The check statement is only for the endpoint registration."},
	{"route.profile", "A route has a profile if it has the endpoint registration, and only then."},
	{"route.endpoint", "A route to the registry names its endpoint."},
	{"route.method", "A route has only methods that its endpoint supports."},
	{"route.duty", "An endpoint has the checks that its standard requires."},
	{"route.body_limit", "A body limit is at most 64KiB at an endpoint, where the gate reads bodies, and 10MiB elsewhere."},
	{"route.dry_run", "Only registration requests can be dry runs."},
	{"route.directories", "Only registration routes name directories."},
	{"route.audiences", "Only registration routes have audiences of their own."},
	{"route.unsigned_requests", "Only registration requests can be unsigned."},
	{"route.endpoint_path", "The path of an endpoint is one that the registry serves."},
	{"route.facts", "The registry receives signed facts, and a route that identifies no client sets no client headers."},
	{"route.token", "A public route does not forward tokens."},
}
