package routes

import "time"

// MaxBody is the largest body that is shown to the gate: of the endpoints, whose facts are bound to it.
const MaxBody Size = 64 << 10

// MaxUpload is the largest body of a bank's API. Envoy holds it until it is whole; the gate is not shown it.
const MaxUpload Size = 10 << 20

// GateTimeout is how long Envoy waits for the gate's answer. It is longer than every budget the gate gives itself, so
// that the gate's own answer is the one the client sees; a frozen gate is found by health checks long before.
const GateTimeout = 5 * time.Second

// What a listener asks of a client's TLS handshake.
const (
	CertificateRequired = "required"
	CertificateNone     = "none"
)

// What an upstream receives about the client of a request.
const (
	FactsSigned  = "signed"  // x-dcr-facts, a signed JWT
	FactsHeaders = "headers" // x-dcr-client-id, x-dcr-software-id, x-dcr-org-id, x-dcr-scopes, x-dcr-roles, x-dcr-certificate
	FactsNone    = "none"
)

// KeyManagerBuiltin issues the access tokens itself.
const KeyManagerBuiltin = "builtin"

// Registry is the name of the upstream that serves the endpoints.
const Registry = "registry"

// Names that Envoy's configuration has for parts of the gateway itself: no upstream and no route may have them.
const (
	GateCluster      = "gate"               // the gate
	XDSCluster       = "xds"                // the server of Envoy's configuration
	RateLimitCluster = "rate-limit-service" // the rate limit service
	OtherPaths       = "other-paths"        // the route of requests that no route of the file has
)

// DefaultPlan is the name of the plan of every route that names none.
const DefaultPlan = "default"

// ClientIDParam is the path segment that the owner check compares with the token's client.
const ClientIDParam = "ClientId"

// What Envoy tells the gate with every request, as context extensions of the CheckRequest.
const (
	ContextListener = "listener" // name of the listener; always there
	ContextVersion  = "version"  // File.Version of the configuration the request met; always there
	ContextRoute    = "route"    // name of a route with this path, and with this method where there is one; absent where no route has this path
)

// What the gate tells Envoy, as dynamic metadata.
const (
	// MetadataDecision is the decision's id. An answer of the gate without it is not the gate's own for Envoy, which then
	// writes a body of its own.
	MetadataDecision = "decision"

	// MetadataClient is the id of the client that the gate has proved; absent where it has proved none. Rate plans count
	// by it.
	MetadataClient = "client"
)
