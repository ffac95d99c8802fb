package routes

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
