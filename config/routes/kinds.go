package routes

import (
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

const (
	dnsName  = `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*`
	ipv6     = `\[[0-9A-Fa-f:.]{2,45}\]`
	port     = `:[0-9]{1,5}`
	urlPath  = `/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*`
	printing = `[^\x00-\x1f\x7f]` // no control characters
)

// kinds are the kinds of values, by the names that the tags of the model use.
var kinds = map[string]*yamlfile.Kind{
	"name": yamlfile.Formed("a name: 1 to 64 lower case letters, digits and -, beginning with a letter", 64, `[a-z][a-z0-9-]*`),
	"text": yamlfile.Formed("a text of 1 to 1024 characters, in one line", 1024, printing+`+`),
	"file": yamlfile.Formed("the name of a file", 1024, printing+`+`),
	"https": yamlfile.Formed("an https URL, its host in lower case, without user, query and fragment", 1024,
		`https://(`+dnsName+`|`+ipv6+`)(`+port+`)?(`+urlPath+`)?`),
	"ip_port":    yamlfile.Formed("IP:PORT", 64, `([0-9]{1,3}(\.[0-9]{1,3}){3}|`+ipv6+`)`+port),
	"host":       yamlfile.Formed("a host's name in lower case, without a port", 253, dnsName),
	"header":     yamlfile.Formed("the name of a header: 1 to 64 lower case letters, digits and -", 64, `[a-z0-9][a-z0-9-]*`),
	"address":    yamlfile.Formed("unix:PATH or HOST:PORT", 260, `(unix:[!-?A-~][ -~]*|([A-Za-z0-9][A-Za-z0-9._-]*|`+ipv6+`)`+port+`)`),
	"path":       yamlfile.Formed("a path that begins with /", 1024, urlPath+`(\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?`),
	"route_path": yamlfile.Formed("a path of segments, each of letters, digits and . _ ~ - (but not . or ..) or one {Name} of letters and digits; there are no wildcards", 1024, routePath+`/?`),
	"duration":   yamlfile.Formed("a time with its unit, such as 300ms, 5s or 1m30s", 20, `([0-9]{1,6}(h|m|s|ms)){1,2}`).Within(time.Millisecond, 24*time.Hour),
	"size":       yamlfile.Formed("a size with its unit, such as 512B, 64KiB or 2MiB", 20, `[1-9][0-9]{0,8}(B|KiB|MiB|GiB)`),
	"rate":       yamlfile.Formed("a rate such as 10/s, 600/m or 1000/h", 20, `[1-9][0-9]{0,5}/[smh]`),
	"scope":      yamlfile.Formed("a scope: 1 to 128 printable ASCII characters without spaces, quotes and backslashes", 128, `[!#-\[\]-~]+`),
	"directory":  yamlfile.Formed("the name of a directory: lower case letters, digits, . and -", 32, `[a-z0-9][a-z0-9.-]*`),
	"role":       yamlfile.Formed("a role: 1 to 64 printable ASCII characters without spaces", 64, `[!-~]+`),

	"auth_method":        yamlfile.OneOf("private_key_jwt", "tls_client_auth"), // the ones FAPI 1.0 Advanced (section 5.2.2-14) allows
	"key_manager":        yamlfile.OneOf(KeyManagerBuiltin),
	"client_certificate": yamlfile.OneOf(CertificateRequired, CertificateNone),
	"tls_version":        yamlfile.OneOf("1.2", "1.3"),
	"method":             yamlfile.OneOf("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"),
	"check":              yamlfile.OneOf(checkNames()...),
	"endpoint":           yamlfile.OneOf(endpointNames()...),
	"facts":              yamlfile.OneOf(FactsSigned, FactsHeaders, FactsNone),

	"member": yamlfile.Formed("the name of a metadata member: lower case letters, digits and _", 64, `[a-z][a-z0-9_]*`),
	"json":   yamlfile.AnyJSON(),

	"retries": yamlfile.Whole(0, 3),
	"count":   yamlfile.Whole(1, 1_000_000),
	"bool":    yamlfile.Bool(),
}

// routePath is a route's path. It excludes everything that Envoy and a server behind it could read differently: escapes, path
// parameters (;), empty and dot segments. RE2 cannot express "not . or ..", so the pattern counts dots.
const routePath = `(/(\{[A-Za-z][A-Za-z0-9]*\}|\.{0,2}[A-Za-z0-9_~-][A-Za-z0-9._~-]*|\.{3}[A-Za-z0-9._~-]*))+`
