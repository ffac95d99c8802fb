package routes

import "time"

// MaxBody is the largest body that Envoy sends to the gate: that of an endpoint, whose facts are bound to it.
const MaxBody Size = 64 << 10

// MaxUpload is the largest body of a bank's API. Envoy buffers it until it is complete and does not send it to the gate.
const MaxUpload Size = 10 << 20

// GateTimeout is how long Envoy waits for the gate's answer. It is longer than every time budget of the gate, so that the
// client receives the gate's own answer. Once health checks have found a frozen gate, nobody waits for it.
const GateTimeout = 3 * time.Second

// RegistryHealth is the path at which a registry answers, without facts, whether it serves.
const RegistryHealth = "/healthz"

// What a listener requires of clients in the TLS handshake.
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

// KeyManagerBuiltin is the registry itself, which issues access tokens.
const KeyManagerBuiltin = "builtin"

// Registry is the name of the upstream that serves the endpoints.
const Registry = "registry"

// Names that Envoy's configuration uses for parts of the gateway itself: no upstream and no route may have them.
const (
	GateCluster      = "gate"               // the gate
	XDSCluster       = "xds"                // the xDS server
	RateLimitCluster = "rate-limit-service" // the rate limit service
	TracesCluster    = "trace-collector"    // the collector of traces
	OtherPaths       = "other-paths"        // the route of requests that match no route of the file
)

// DefaultPlan is the name of the plan of every route without a plan.
const DefaultPlan = "default"

// ClientIDParam is the path segment that the owner check compares with the token's client.
const ClientIDParam = "ClientId"

// The context extensions that Envoy adds to every CheckRequest.
const (
	ContextListener = "listener" // name of the listener; always present
	ContextVersion  = "version"  // File.Version of the configuration that Envoy used; always present
	ContextRoute    = "route"    // name of a route with this path, and with this method if there is one; absent if no route has this path
)

// The dynamic metadata that the gate returns to Envoy.
const (
	// MetadataDecision is the decision's id. Envoy replaces the body of an answer without it, because it is not the gate's.
	MetadataDecision = "decision"

	// MetadataClient is the id of the authenticated client, by which rate plans count; absent if there is none.
	MetadataClient = "client"
)
