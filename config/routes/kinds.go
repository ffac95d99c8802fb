package routes

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// A kind is what a value may be. Reader, writer and JSON Schema all go by it; what no schema can say (that a file is
// there, that a name is known) is checked once the file is read.
type kind struct {
	words    string         // what a value must be, for the person who mends it
	enum     []string       // these texts alone
	pattern  *regexp.Regexp // else a text of this form; in the syntax that RE2 and JSON Schema share
	longest  int            // and of so many characters at most
	min, max int            // else a whole number
	bool     bool           // else true or false
}

const (
	dnsName  = `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*`
	ipv6     = `\[[0-9A-Fa-f:.]{2,45}\]`
	port     = `:[0-9]{1,5}`
	urlPath  = `/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*`
	printing = `[^\x00-\x1f\x7f]` // no control characters
)

// kinds are all of them, by the name that the tags of the model use.
var kinds = map[string]*kind{
	"name": formed("a name: 1 to 64 lower case letters, digits and -, beginning with a letter", 64, `[a-z][a-z0-9-]*`),
	"text": formed("a text of 1 to 1024 characters, in one line", 1024, printing+`+`),
	"file": formed("the name of a file", 1024, printing+`+`),
	"https": formed("an https URL, its host in lower case, without user, query and fragment", 1024,
		`https://(`+dnsName+`|`+ipv6+`)(`+port+`)?(`+urlPath+`)?`),
	"ip_port":    formed("IP:PORT", 64, `([0-9]{1,3}(\.[0-9]{1,3}){3}|`+ipv6+`)`+port),
	"host":       formed("a host's name in lower case, without a port", 253, dnsName),
	"address":    formed("unix:PATH or HOST:PORT", 260, `(unix:[!-?A-~][ -~]*|([A-Za-z0-9][A-Za-z0-9._-]*|`+ipv6+`)`+port+`)`),
	"path":       formed("a path that begins with /", 1024, urlPath+`(\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?`),
	"route_path": formed("a path of segments, each of letters, digits and . _ ~ - (but not . or ..) or one {Name}", 1024, routePath+`/?`),
	"duration":   formed("a time with its unit, such as 300ms, 5s or 1m30s", 20, `([0-9]{1,6}(h|m|s|ms)){1,2}`),
	"size":       formed("a size with its unit, such as 512B, 64KiB or 2MiB", 20, `[1-9][0-9]{0,8}(B|KiB|MiB|GiB)`),
	"rate":       formed("a rate such as 10/s, 600/m or 1000/h", 20, `[1-9][0-9]{0,5}/[smh]`),
	"scope":      formed("a scope: 1 to 128 printable ASCII characters without spaces, quotes and backslashes", 128, `[!#-\[\]-~]+`),
	"directory":  formed("the name of a directory: lower case letters, digits, . and -", 32, `[a-z0-9][a-z0-9.-]*`),
	"role":       formed("a role: 1 to 64 printable ASCII characters without spaces", 64, `[!-~]+`),

	"auth_method":        oneOf("private_key_jwt", "tls_client_auth"), // the ones FAPI 1.0 Advanced (section 5.2.2-14) allows
	"key_manager":        oneOf(KeyManagerBuiltin),
	"client_certificate": oneOf(CertificateRequired, CertificateNone),
	"tls_version":        oneOf("1.2", "1.3"),
	"method":             oneOf("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"),
	"check":              oneOf(CheckCertificate, CheckStatement, CheckBasic, CheckClientAuth, CheckBearer, CheckOwner, CheckScope, CheckRole),
	"endpoint":           oneOf(EndpointRegistration, EndpointToken, EndpointRevocation, EndpointIntrospection, EndpointJWKS, EndpointDiscovery, EndpointErrors),
	"facts":              oneOf(FactsSigned, FactsHeaders, FactsNone),

	"retries": {words: "a whole number from 0 to 3", max: 3},
	"count":   {words: "a whole number from 1 to 1000000", min: 1, max: 1_000_000},
	"bool":    {words: "true or false", bool: true},
}

// routePath is a route's path: nothing in it that Envoy and a server behind it could read in two ways, as escapes, path
// parameters (;), empty and dot segments. RE2 cannot say "but not . or ..", so the dots are counted.
const routePath = `(/(\{[A-Za-z][A-Za-z0-9]*\}|\.{0,2}[A-Za-z0-9_~-][A-Za-z0-9._~-]*|\.{3}[A-Za-z0-9._~-]*))+`

func formed(words string, longest int, pattern string) *kind {
	return &kind{words: words, longest: longest, pattern: regexp.MustCompile(`^` + pattern + `$`)}
}

func oneOf(texts ...string) *kind {
	return &kind{words: "one of " + strings.Join(texts, ", "), enum: texts}
}

// isText says whether a value is written as a text, and not as a number or true or false.
func (k *kind) isText() bool { return k.enum != nil || k.pattern != nil }

// accepts says whether a text is one of this kind.
func (k *kind) accepts(text string) bool {
	if k.enum != nil {
		return slices.Contains(k.enum, text)
	}
	return utf8.RuneCountInString(text) <= k.longest && k.pattern.MatchString(text)
}
