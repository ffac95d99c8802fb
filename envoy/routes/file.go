// Package routes is the model and the reader of routes.yaml: the one file that says which route needs which checks and
// which upstream gets it. The gate builds its chains from it and Envoy gets its configuration from it, so the two can
// never disagree. The package knows nothing of Envoy.
package routes

import "time"

// MaxBody is the largest body a route may take: Envoy keeps it in memory and sends it to the gate.
const MaxBody Size = 64 << 10

// GateTimeout is how long Envoy waits for the gate's answer. It is longer than every budget the gate gives itself, so
// that the gate's own answer is the one the client sees; a frozen gate is found by health checks long before.
const GateTimeout = 5 * time.Second

// The checks a route may name. Their order is the gate's and not the route's.
const (
	CheckCertificate = "certificate" // the client certificate verifies under a directory
	CheckStatement   = "statement"   // the body is a registration request with a valid software statement
	CheckClientAuth  = "clientauth"  // the client has authenticated (RFC 6749, section 2.3)
	CheckBearer      = "bearer"      // the access token is valid and bound to the certificate
	CheckOwner       = "owner"       // the token's client is the one that the path names
	CheckScope       = "scope"       // the token has the route's scopes
)

// The endpoints that the registry serves.
const (
	EndpointRegistration  = "registration"
	EndpointToken         = "token"
	EndpointRevocation    = "revocation"
	EndpointIntrospection = "introspection"
	EndpointJWKS          = "jwks"
	EndpointDiscovery     = "discovery"
)

// What a listener asks of a client's TLS handshake.
const (
	CertificateRequired = "required"
	CertificateNone     = "none"
)

// Registry is the name of the upstream that serves the endpoints.
const Registry = "registry"

// ClientIDParam is the path segment that the owner check compares with the token's client.
const ClientIDParam = "ClientId"

// A File is routes.yaml, read by Read: complete, with its defaults filled in, and free of contradictions.
type File struct {
	Issuer      string              `yaml:"issuer"`       // the authorization server's name (RFC 8414): an https URL
	Audiences   []string            `yaml:"audiences"`    // what a registration request's aud may be, exactly
	Directories []string            `yaml:"directories"`  // directory files, relative to this file
	AuthMethods []string            `yaml:"auth_methods"` // token endpoint authentication methods that are offered
	Tokens      Tokens              `yaml:"tokens"`
	Listeners   map[string]Listener `yaml:"listeners"`
	Upstreams   map[string]Upstream `yaml:"upstreams"`
	Routes      []Route             `yaml:"routes"`

	Dir     string `yaml:"-"` // absolute folder of the file: what its relative names are relative to
	Version string `yaml:"-"` // first 16 hex digits of the SHA-256 of the file's bytes

	source []byte
}

// Tokens says how access tokens are issued.
type Tokens struct {
	Lifetime time.Duration `yaml:"lifetime"` // of an access token; 5 minutes by default
	Audience string        `yaml:"audience"` // aud of access tokens: an https URL
	Keys     []string      `yaml:"keys"`     // PKCS #8 PEM files, the first one signs; kept in Redis when there are none
}

// A Listener is an address that Envoy serves.
type Listener struct {
	Address           string `yaml:"address"`            // IP:port
	URL               string `yaml:"url"`                // how clients reach it: https, without a path
	Certificate       string `yaml:"certificate"`        // PEM file of the server's certificate chain
	Key               string `yaml:"key"`                // PEM file of its key
	ClientCertificate string `yaml:"client_certificate"` // required or none; the CAs are those of the directories
}

// An Upstream is a server that requests are passed on to, in plain HTTP/1.1.
type Upstream struct {
	Address string        `yaml:"address"` // unix:PATH or HOST:PORT
	Timeout time.Duration `yaml:"timeout"` // for a whole answer; 10 seconds by default
}

// A Route is a path and some of its methods: what they need and who serves them. Two routes may share a path when
// their methods differ.
type Route struct {
	Name      string        `yaml:"name"`       // unique; in the logs and the facts
	Listener  string        `yaml:"listener"`   // mtls by default
	Path      string        `yaml:"path"`       // exact; a segment {Name} stands for any one segment
	Methods   []string      `yaml:"methods"`    // in capitals
	Checks    []string      `yaml:"checks"`     // see the Check constants; none only where public is set
	Public    bool          `yaml:"public"`     // says in so many words that the route needs no check
	Profile   string        `yaml:"profile"`    // the registration profile; on registration routes alone
	Scopes    []string      `yaml:"scopes"`     // each of them is needed; with the scope check alone
	Endpoint  string        `yaml:"endpoint"`   // see the Endpoint constants; none on bank API routes
	Upstream  string        `yaml:"upstream"`   // registry by default where there is an endpoint
	BodyLimit Size          `yaml:"body_limit"` // 64KiB by default; 16KiB for token, revocation and introspection
	Timeout   time.Duration `yaml:"timeout"`    // the upstream's by default
	Token     bool          `yaml:"token"`      // the upstream gets the Authorization header; by default it does not
}

// Needs says whether the route names a check.
func (r *Route) Needs(check string) bool {
	for _, name := range r.Checks {
		if name == check {
			return true
		}
	}
	return false
}
