package routes

// What Envoy tells the gate with every request, as context extensions of the CheckRequest.
const (
	ContextListener = "listener" // name of the listener; always there
	ContextVersion  = "version"  // File.Version of the configuration the request met; always there
	ContextRoute    = "route"    // name of the route; absent where no route has this path and this method
	ContextAllow    = "allow"    // the path's methods, "GET, PUT", where it has routes for other methods alone
)

// MetadataDecision is the key of the dynamic metadata under which the gate gives its decision's id. An answer of the
// gate without it is not the gate's own for Envoy, which then writes a body of its own.
const MetadataDecision = "decision"
