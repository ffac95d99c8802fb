package admin

import (
	"cmp"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// A loosening is a change of a key after which less is protected.
type loosening struct {
	key  string // part and key, as "route.checks"; a * is one segment
	when func(detail) bool
	why  string
}

// loosenings are all that are known. The first that fits a change is named.
var loosenings = []loosening{
	{"file.audiences", more, "requests made for this audience are accepted"},
	{"file.auth_methods", more, "clients may authenticate by this method"},
	{"file.tokens.lifetime", longer, "a stolen token is good for longer"},
	{"route.checks", fewer, "requests pass without this check"},
	{"route.scopes", fewer, "tokens without this scope pass"},
	{"route.roles", fewer, "software products without this role pass"},
	{"route.audiences", another, "requests made for this audience are accepted"},
	{"route.directories", emptied, "software of every directory may register"},
	{"route.directories", another, "software of this directory may register"},
	{"route.public", to("true"), "open to everyone"},
	{"route.unsigned_requests", to("true"), "nobody signs the requests"},
	{"route.token", to("true"), "access tokens go to the upstream"},
	{"route.facts", from("signed"), "the upstream receives no signed facts about the client"},
	{"route.body_limit", larger, "larger bodies are accepted"},
	{"route.plan", gone, "no rate limit applies"},
	{"plan.per_source", gone, "a limit is removed"},
	{"plan.per_client", gone, "a limit is removed"},
	{"plan.per_source", larger, "more requests are let through"},
	{"plan.per_client", larger, "more requests are let through"},
	{"rate_limit_service.address", gone, "no limit applies to the whole fleet"},
	{"listener.client_certificate", to(routes.CertificateNone), "clients need no certificate"},
	{"listener.tls_minimum", func(d detail) bool { return d.New < d.Old }, "an older TLS version is accepted"},
	{"listener.server_names", emptied, "every server name is served"},
	{"upstream.strip_headers", fewer, "the upstream receives this header as clients send it"},
	{"upstream.tls.ca", gone, "the connection to the upstream is not protected"},
	{"edge.connection_duration", longer, "certificates are verified again later"},
	{"edge.drain_time", longer, "connections on old settings live longer"},
	{"edge.max_header", larger, "larger headers are accepted"},
	{"edge.max_headers", larger, "more headers are accepted"},
	{"edge.request_timeout", longer, "slow clients hold connections for longer"},

	{"certificates.ca", more, "certificates of another CA are accepted"},
	{"directory.certificates.*.ca", more, "certificates of another CA are accepted"},
	{"directory.certificates.*.type", to(""), "another type of certificate is accepted"},
	{"directory.tls_ca", more, "another CA speaks for the directory"},
	{"directory.issuer", changes, "statements of another issuer are accepted"},
	{"directory.jwks", changes, "other keys verify the statements"},
	{"directory.key_hosts", more, "keys are fetched from this host"},
	{"directory.private_addresses", more, "the gateway connects to this address"},
	{"directory.algorithms", more, "statements may be signed with this algorithm"},
	{"directory.statement_max_age", longer, "older statements are accepted"},
	{"directory.outage", outlasts, "older keys, and keys revoked since, are accepted for longer while the directory cannot be reached"},
	{"directory.statement_single_use", from("true"), "a statement registers more than once"},
	{"directory.environment", changes, "statements of another environment are accepted"},
	{"directory.member_state", changes, "software without authorisation there is accepted"},
	{"directory.required", fewer, "statements without this claim are accepted"},
	{"directory.active", more, "organisations with this status may register"},
	{"directory.enforce_qc_roles", from("true"), "a QWAC need not name the roles"},
	{"directory.certificates_listed", from("required"), "certificates need not be listed"},
	{"directory.certificates_listed", to("off"), "certificates need not be listed"},
	{"directory.scopes.*", changes, "software with other roles may have the scope"},
	{"directory.authorities.*", changes, "certificates name another authority"},
	{"directory.claims.*revoked_jwks", gone, "revoked keys are accepted"},
	{"directory.claims.*", gone, "it is not checked"},
	{"directory.certificate_types.*.binding", changes, "certificates are bound in another way"},
	{"directory.certificate_types.*.subject.*", changes, "other subjects are accepted"},

	{"profile.body", to("json"), "nobody signs the requests"},
	{"profile.content_types", more, "requests of this type are accepted"},
	{"profile.request.max_age", longer, "older requests are accepted"},
	{"profile.request.max_lifetime", longer, "older requests are accepted"},
	{"profile.clients.duplicates", from("reject"), "a software product may register again"},
	{"profile.clients.duplicates", to("allow"), "a software product may have several clients"},
	{"profile.clients.management_scope", changes, "clients are managed with other tokens"},
	{"profile.clients.introspection", to("true"), "tokens may be introspected"},
	{"profile.clients.assertion_lifetime", longer, "a stolen assertion is good for longer"},
	{"profile.clients.default_scope", to("registered"), "a token has all scopes unless asked for fewer"},
	{"profile.unknown_scopes", to("drop"), "requests with unknown scopes are accepted"},
	{"profile.rules", fewer, "requests pass without this rule"},
	{"profile.without.*", more, "requests pass without it"},
	{"profile.members.*.required", from("true"), "requests without it are accepted"},
	{"profile.members.*.values", another, "this value is accepted"},
	{"profile.members.*.values", emptied, "every value is accepted"},
	{"profile.members.*.pattern", changes, "other values are accepted"},
	{"profile.members.*.max_length", larger, "longer values are accepted"},
	{"profile.members.*.min_items", gone, "fewer values are accepted"},
	{"profile.extends", changes, "another profile's rules apply"},
	{"directory.extends", changes, "another directory's rules apply"},
}

// weakens says why a change of a key reduces protection; "" if it does not.
func weakens(part string, d detail) string {
	for _, known := range loosenings {
		if fits, _ := path.Match(known.key, part+"."+d.Key); fits && known.when(d) {
			return known.why
		}
	}
	return ""
}

func more(d detail) bool    { return len(d.Added) > 0 }
func another(d detail) bool { return len(d.Added) > 0 && d.Old != "" } // of a list that restricts
func fewer(d detail) bool   { return len(d.Removed) > 0 }
func emptied(d detail) bool { return len(d.Removed) > 0 && d.New == "" }
func gone(d detail) bool    { return d.Old != "" && d.New == "" }
func changes(d detail) bool { return d.Old != "" }

func to(value string) func(detail) bool   { return func(d detail) bool { return d.New == value } }
func from(value string) func(detail) bool { return func(d detail) bool { return d.Old == value } }

func longer(d detail) bool {
	was, wrong := time.ParseDuration(d.Old)
	is, err := time.ParseDuration(d.New)
	return wrong == nil && err == nil && is > was
}

// outlasts compares how old key sets, or sets of revoked keys, may be for calls: an hour and 5m where nothing is said.
func outlasts(d detail) bool {
	for _, usual := range []time.Duration{time.Hour, 5 * time.Minute} {
		lasts := func(text string) time.Duration {
			told, _ := time.ParseDuration(text) // none where nothing is said
			return cmp.Or(told, usual)
		}
		if lasts(d.New) > lasts(d.Old) {
			return true
		}
	}
	return false
}

// larger compares numbers, sizes and rates.
func larger(d detail) bool { return amount(d.New) > amount(d.Old) && d.Old != "" }

// amount is a size in bytes, a rate per hour, or a plain number.
func amount(text string) float64 {
	var size routes.Size
	var rate routes.Rate
	switch {
	case strings.Contains(text, "/") && rate.UnmarshalText([]byte(text)) == nil:
		return float64(rate.Count) * float64(time.Hour) / float64(rate.Period)
	case size.UnmarshalText([]byte(text)) == nil:
		return float64(size)
	}
	number, _ := strconv.ParseFloat(text, 64)
	return number
}

// ordered reports whether the order of a list matters: the first key signs.
func ordered(key string) bool { return key == "tokens.keys" }
