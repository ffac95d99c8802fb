package routes

import "github.com/dcr-gateway/dcr-gateway/internal/yamlfile"

// A Rule is something that a file must hold to.
type Rule struct {
	ID       string
	Severity yamlfile.Severity
	Doc      string
}

// Rules returns the rules that Parse holds a file to, by the ids of their problems. The ids that begin with key. or
// value. are about the form of one value, and the JSON Schema knows them too.
func Rules() []Rule {
	all := make([]Rule, len(rules))
	for i, rule := range rules {
		all[i] = Rule{ID: rule.id, Severity: yamlfile.Error, Doc: rule.doc}
	}
	return all
}

var rules = []struct{ id, doc string }{
	{"yaml.size", "The file is 8 MiB large at most."},
	{"yaml.syntax", "The file is YAML, in UTF-8."},
	{"yaml.empty", "The file holds something."},
	{"yaml.documents", "The file holds one YAML document."},
	{"yaml.depth", "Objects and lists stand at most 32 deep in one another."},
	{"yaml.keys", "An object has at most 4096 keys, of at most 128 characters."},
	{"yaml.key", "A key is one plain word."},
	{"yaml.duplicate", "An object has a key only once."},
	{"yaml.merge", "Objects are not merged (<<)."},
	{"yaml.tag", "A value has no tag (!)."},
	{"yaml.alias", "An alias stands for a whole value that one anchor above names, and aliases do not multiply without bound."},
	{"secret.inline", "Keys and certificates are in files of their own, which this one names."},

	{"key.unknown", "A key is one that the model has at this place."},
	{"key.missing", "A key without a default is there."},
	{"key.name", "The name of a listener, an upstream or a plan is made of lower case letters, digits and -."},
	{"value.missing", "A key has a value."},
	{"value.type", "A value is of its type: text, number, true or false, list or object."},
	{"value.form", "A text has the form of its kind; times and sizes have a unit."},
	{"value.enum", "A value that is one of a few is one of these."},
	{"value.range", "A number is in its range."},
	{"value.empty", "A list or an object of names is not empty."},
	{"value.twice", "A list has no text twice."},
	{"number.form", "A number is written in plain decimal digits."},
	{"duration.range", "A time is between a millisecond and a day."},
	{"file.missing", "A file that is named is there."},
	{"url.form", "An https URL has an address and a port that can be, and no broken escape."},
	{"address.form", "An address of a server is unix:PATH or HOST:PORT, with a port from 1 to 65535."},

	{"listener.address", "A listener has an IP address and a port of its own."},
	{"listener.url", "A listener's URL ends after the host and the port."},
	{"listener.server_names", "The server names of a listener include the host of its URL."},
	{"upstream.name", "An upstream does not have a name that Envoy's configuration uses for the gateway's own servers."},
	{"upstream.timeout", "An upstream's connect_timeout is not longer than its timeout."},
	{"upstream.health", "The answer to a question for health is not waited for longer than until the next one."},
	{"upstream.tls", "A client certificate for an upstream and its key need each other."},
	{"plan.empty", "A plan bounds something."},
	{"tokens.lifetime", "Access tokens live long enough to be used, and for whole seconds."},
	{"edge.range", "A limit of the edge lets Envoy and its clients work, and is one."},
	{"edge.order", "A request's header is not waited for longer than the whole request."},

	{"route.name", "A route has a name of its own that Envoy's configuration does not use for the gateway's own routes."},
	{"route.path", "A path does not give two segments one name, and ends with a slash only where clients may be registered."},
	{"route.duplicate", "No two routes of a listener meet the same requests."},
	{"route.listener", "A route is on a listener that is there."},
	{"route.certificate", "A route with checks is on a listener that requires a client certificate."},
	{"route.upstream", "A route has an upstream that is there."},
	{"route.plan", "A route's plan is there."},
	{"route.public", "A public route has no checks."},
	{"route.checks", "A route that is not public has checks."},
	{"route.needs", "A check comes with the checks whose facts it reads."},
	{"route.scopes", "Scopes and the check scope need each other."},
	{"route.roles", "Roles and the check role need each other."},
	{"route.users", "A file of users and the check basic need each other, and no other check reads the Authorization header there."},
	{"route.owner", "The check owner needs a segment {ClientId} in the path."},
	{"route.statement", "The check statement stands at the endpoint registration alone."},
	{"route.profile", "A profile and the endpoint registration need each other."},
	{"route.endpoint", "A route to the registry says which of its endpoints it is."},
	{"route.method", "A route has only methods that its endpoint has."},
	{"route.duty", "An endpoint has the checks that its standard demands."},
	{"route.body_limit", "A body limit is at most 64KiB at an endpoint, whose bodies the gate reads, and 10MiB elsewhere."},
	{"route.dry_run", "Only registration requests may be tried."},
	{"route.directories", "Only registrations are of a directory's software."},
	{"route.unsigned_requests", "Only registration requests may come unsigned."},
	{"route.endpoint_path", "The path of an endpoint is one that the registry serves."},
	{"route.facts", "The registry gets signed facts, and no headers tell of a client where nobody is known."},
	{"route.token", "A public route passes no token on."},
}
