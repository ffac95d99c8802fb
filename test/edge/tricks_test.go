package edge

import (
	"fmt"
	"slices"
	"strings"
)

// A trick makes a request look like another.
type trick struct {
	name   string
	change func(m *message)
	raw    bool // no HTTP/2 can say it
}

// pathTricks are for a path with two segments at least.
func pathTricks(path, host string) []trick {
	var all []trick
	for name, target := range lookalikes(path) {
		all = append(all, trick{name, func(m *message) { m.target = target }, false})
	}
	for name, target := range escapes(path) {
		all = append(all, trick{name, func(m *message) { m.target = target }, false})
	}
	for name, target := range rawTargets(path, host) {
		all = append(all, trick{name, func(m *message) { m.target = target }, true})
	}
	return all
}

// cut splits a path before its last segment, to which a slash at the end belongs.
func cut(path string) (head, last string) {
	at := strings.LastIndexByte(strings.TrimSuffix(path, "/"), '/')
	return path[:at], path[at+1:]
}

// lookalikes are paths that a careless server treats like the given one, by name.
func lookalikes(path string) map[string]string {
	head, last := cut(path)
	first, rest, _ := strings.Cut(path[1:], "/")
	return map[string]string{
		"a parameter":                    path + ";x=1",
		"an empty parameter":             path + ";",
		"a parameter in front":           "/" + first + ";x=1/" + rest,
		"dots with a parameter":          head + "/x/..;x=1/" + last,
		"a backslash":                    head + `\` + last,
		"dots and backslashes":           head + `\x\..\` + last,
		"two slashes":                    head + "//" + last,
		"two slashes in front":           "/" + path,
		"two slashes at the end":         path + "//",
		"a dot":                          head + "/./" + last,
		"two dots":                       head + "/x/../" + last,
		"two dots behind what is public": "/oauth2/jwks/../.." + path,
		"dots at the end":                path + "/x/..",
		"a slash at the end":             path + "/",
		"longer":                         path + "X",
		"shorter":                        path[:len(path)-1],
		"below it":                       path + "/x/y/z",
		"an extension":                   path + ".json",
		"in capitals":                    strings.ToUpper(path),
		"a capital":                      head + "/" + strings.ToUpper(last[:1]) + last[1:],
		"a fragment":                     path + "#x",
		"a fragment in front":            "/oauth2/jwks#/../.." + path,
		"an empty query":                 path + "?",
		"a path in the query":            path + "?x=/../../oauth2/jwks;y#",
		"two question marks":             "/oauth2/jwks?/../.." + path,
	}
}

// escapes are such paths with something in them that a server decodes, or not.
func escapes(path string) map[string]string {
	head, last := cut(path)
	return map[string]string{
		"an escaped parameter":         path + "%3bx=1",
		"an escaped dot":               head + "/%2e/" + last,
		"an escaped dot at the end":    path + "/%2e",
		"escaped dots":                 head + "/x/%2e%2e/" + last,
		"one escaped dot of two":       head + "/x/.%2E/" + last,
		"escaped dots at the end":      path + "/x/%2e%2e",
		"escaped dots out of the root": "/%2e%2e/%2e%2e" + path,
		"dots escaped twice":           head + "/x/%252e%252e/" + last,
		"dots in long UTF-8":           head + "/x/%c0%ae%c0%ae/" + last,
		"an escaped slash":             head + "%2f" + last,
		"an escaped slash in capitals": head + "%2F" + last,
		"an escaped slash at the end":  path + "%2f",
		"a slash escaped twice":        head + "%252f" + last,
		"a wide slash":                 head + "%ef%bc%8f" + last,
		"an escaped backslash":         head + "%5c" + last,
		"an escaped letter":            head + "/" + fmt.Sprintf("%%%02x", last[0]) + last[1:],
		"a letter escaped twice":       head + "/" + fmt.Sprintf("%%25%02x", last[0]) + last[1:],
		"an escaped NUL":               path + "%00",
		"an escaped space":             path + "%20",
		"an escaped tab":               path + "%09",
		"an escaped line feed":         path + "%0a",
		"half an escape":               path + "%",
		"no escape":                    path + "%zz",
		"an escaped fragment":          path + "%23x",
		"an escaped question mark":     path + "%3fx",
	}
}

// rawTargets are what no client of HTTP/2 can ask for.
func rawTargets(path, host string) map[string]string {
	return map[string]string{
		"an absolute form":                        "https://" + host + path,
		"an absolute form of another host":        "https://evil.example" + path,
		"an absolute form without TLS":            "http://" + host + path,
		"an absolute form with a user":            "https://user@" + host + path,
		"an absolute form without a host":         "https://" + path,
		"an absolute form of another scheme":      "ftp://" + host + path,
		"an absolute form that leads out of hers": "https://" + host + "/x/../" + path,
		"no slash in front":                       path[1:],
		"a space in front":                        " " + path,
		"a NUL":                                   path + "\x00",
		"a byte that is no ASCII":                 path + "\x80",
		"a tab":                                   path + "\t",
	}
}

// sendable are the characters of a Host that net/http sends.
const sendable = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:"

// hostTricks ask for other servers, or for none.
func hostTricks(host string) []trick {
	name, port, _ := strings.Cut(host, ":")
	var all []trick
	for what, host := range map[string]string{
		"another host":            "evil.example",
		"a host in capitals":      "EVIL.EXAMPLE",
		"no port":                 name,
		"another port":            name + ":1",
		"an invalid port":         name + ":99999",
		"a port of letters":       name + ":https",
		"a dot at the end":        name + ".:" + port,
		"two dots at the end":     name + "..:" + port,
		"a user":                  "user@" + host,
		"a path":                  host + "/x",
		"a query":                 host + "?x",
		"a list":                  host + ", evil.example",
		"a space":                 "evil example",
		"an address of IPv6":      "[::1]:" + port,
		"half an IPv6 address":    "[::1",
		"the asterisk":            "*",
		"an underscore":           "evil_host",
		"the inside":              "localhost",
		"Envoy's own":             "admin",
		"none":                    "",
		"a byte that is no ASCII": "evil\x80",
	} {
		all = append(all, trick{what, func(m *message) { m.host = host }, host == "" || strings.Trim(host, sendable) != ""})
	}
	return append(all,
		trick{"two hosts", func(m *message) { m.headers = append(m.headers, "Host: evil.example") }, true},
		trick{"a folded host", func(m *message) { m.headers, m.host = append(m.headers, "Host: evil.example\r\n "+host), "" }, true},
		trick{"a space behind Host", func(m *message) { m.headers, m.host = append(m.headers, "Host : "+host), "" }, true},
	)
}

// atATime is how many headers one request tries. Envoy takes a limited number.
const atATime = 10

// headerTricks say of a request what only the parts behind the edge may say, or come near it.
func headerTricks() []trick {
	var all []trick
	for some := range slices.Chunk(append(told(),
		"x_dcr_facts: evil", "x_dcr_client_id: evil", "x_fapi_interaction_id: evil", "authorization_: Bearer evil", "x_forwarded_for: evil",
		"x_envoy_original_path: /oauth2/jwks", "content_length: 0", "ssl_client_cert: evil", "http_x_forwarded_for: evil",
	), atATime) {
		first, _, _ := strings.Cut(some[0], ":")
		all = append(all, trick{first + " and others", func(m *message) { m.headers = append(m.headers, some...) }, false})
	}
	return all
}

// told are headers by which the parts behind the edge, and servers of many makes, learn who asks and for what.
func told() []string {
	return []string{
		"x-dcr-facts: evil", "x-dcr-client-id: evil", "x-dcr-software-id: evil", "x-dcr-org-id: evil", "x-dcr-scopes: evil", "x-dcr-roles: evil",
		"x-dcr-certificate: evil", "x-dcr-anything: evil", "client-cert: :evil:", "client-cert-chain: :evil:",
		"x-forwarded-client-cert: Hash=evil", "x-forwarded-for: 10.9.8.7", "x-forwarded-host: evil.example", "x-forwarded-proto: evil",
		"x-forwarded-port: 1", "x-forwarded-prefix: /evil", "x-forwarded-server: evil", "x-forwarded-anything: evil", "forwarded: for=10.9.8.7;host=evil",
		"x-envoy-original-path: /evil", "x-envoy-original-host: evil", "x-envoy-internal: true", "x-envoy-external-address: 10.9.8.7",
		"x-envoy-auth-partial-body: evil", "x-envoy-decorator-operation: evil", "x-envoy-upstream-rq-timeout-ms: 1", "x-envoy-max-retries: 9",
		"x-envoy-expected-rq-timeout-ms: 1", "x-envoy-anything: evil", "x-request-id: evil",

		// another method, path or host
		"x-original-url: /evil", "x-rewrite-url: /evil", "x-http-method-override: DELETE", "x-http-method: DELETE", "x-method-override: DELETE",
		"x-original-uri: /evil", "x-original-method: DELETE", "x-original-host: evil", "x-host: evil", "x-http-host-override: evil",
		"x-http-path-override: /evil", "x-replaced-path: /evil", "proxy: http://evil.example",

		// a client certificate, or its holder
		"ssl-client-cert: evil", "ssl-client-verify: SUCCESS", "ssl-client-subject-dn: CN=evil", "x-ssl-cert: evil", "x-ssl-client-cert: evil", // nginx
		"x-ssl-client-s-dn: CN=evil", "x-ssl-client-verify: evil", "x-ssl-client-cn: evil", "x-ssl-client-sha1: evil", // Apache, HAProxy, F5
		"x-client-cert: evil", "x-client-cert-present: true", "x-client-cert-chain-verified: true", "x-client-dn: CN=evil", "x-client-verify: evil", // F5, Google Cloud
		"x-amzn-mtls-clientcert: evil", "x-amzn-mtls-clientcert-leaf: evil", "x-amzn-mtls-clientcert-subject: CN=evil", "x-amzn-oidc-identity: evil",
		"x-amzn-oidc-data: evil", "x-amzn-oidc-accesstoken: evil", "x-amzn-tls-version: evil", // AWS
		"x-arr-clientcert: evil", "x-arr-ssl: evil", "x-ms-client-principal: evil", "x-ms-client-principal-id: evil", "x-ms-token-aad-access-token: evil", // Azure
		"cf-client-cert-der-base64: evil", "cf-cert-verified: true", "cf-access-jwt-assertion: evil", "cf-access-authenticated-user-email: evil", // Cloudflare
		"x-forwarded-tls-client-cert: evil", "x-forwarded-tls-client-cert-info: Subject=evil", "x-forwarded-user: evil", // Traefik
		"wl-proxy-client-cert: evil", "wl-proxy-ssl: evil", "$wscc: evil", "$wsra: 10.9.8.7", // WebLogic, WebSphere
		"x-auth-request-user: evil", "remote-user: evil", "x-remote-user: evil",

		// an address
		"x-real-ip: 10.9.8.7", "true-client-ip: 10.9.8.7", "x-client-ip: 10.9.8.7", "x-cluster-client-ip: 10.9.8.7", "x-originating-ip: 10.9.8.7",
		"x-original-forwarded-for: 10.9.8.7", "x-remote-ip: 10.9.8.7", "x-remote-addr: 10.9.8.7", "client-ip: 10.9.8.7", "cf-connecting-ip: 10.9.8.7",
		"x-azure-clientip: 10.9.8.7", "x-azure-socketip: 10.9.8.7", "fastly-client-ip: 10.9.8.7", "wl-proxy-client-ip: 10.9.8.7", "proxy-client-ip: 10.9.8.7",
	}
}
