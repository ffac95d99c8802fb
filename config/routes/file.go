// Package routes is the model and the reader of routes.yaml: the one file that says what is exposed, what is checked and
// where requests go. The gate's chains and Envoy's configuration are both built from it, so they cannot disagree. To read
// routes.yaml together with the files that it includes use package config. The package does not depend on Envoy.
package routes

import (
	"path/filepath"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// A File is routes.yaml as Parse returns it: complete, with its defaults filled in, and free of contradictions.
//
// The tags are the file's grammar, for both reader and JSON Schema: yaml is the key; is names the kind of the value (see
// kinds) and may add "required"; doc is what an editor shows.
type File struct {
	Issuer      string              `yaml:"issuer" is:"https,required" doc:"issuer identifier of the authorization server (RFC 8414): an https URL"`
	Audiences   []string            `yaml:"audiences" is:"text,required" doc:"accepted values of aud in registration requests, compared exactly; a route may have its own"`
	Directories []string            `yaml:"directories" is:"file,required" doc:"directory files to use, relative to this file; a name that ends with a slash is a folder of them"`
	Profiles    []string            `yaml:"profiles" is:"file" doc:"your own profile files, in addition to the shipped ones; a name that ends with a slash is a folder of them"`
	AuthMethods []string            `yaml:"auth_methods" is:"auth_method,required" doc:"client authentication methods that are offered"`
	KeyManager  string              `yaml:"key_manager" is:"key_manager" doc:"what issues access tokens"`
	Tokens      Tokens              `yaml:"tokens" is:"required" doc:"access tokens of the built-in key manager"`
	Metadata    Metadata            `yaml:"metadata" keys:"member" is:"json" doc:"further members of the discovery document, such as those of the bank's own authorization server; none of the gateway's own"`
	Listeners   map[string]Listener `yaml:"listeners" is:"required" doc:"addresses that Envoy listens on, by name"`
	Upstreams   map[string]Upstream `yaml:"upstreams" is:"required" doc:"servers that requests are forwarded to, by name"`
	Plans       map[string]Plan     `yaml:"plans" doc:"rate plans, by name; the plan named default applies to every route without a plan"`
	RateLimits  *RateLimitService   `yaml:"rate_limit_service" doc:"an existing rate limit service that counts for the whole fleet"`
	Edge        Edge                `yaml:"edge" doc:"limits of the edge"`
	Routes      []Route             `yaml:"routes" is:"required" doc:"paths, with their checks and their upstreams"`

	Dir       string `yaml:"-"` // absolute folder of the file: what its relative names are relative to
	ClientCAs string `yaml:"-"` // hash of the CAs that issue client certificates; set by package config
	Version   string `yaml:"-"` // content hash of this file and of what it includes; set by package config

	*yamlfile.Source // positions in the text; nil for a File made in code
}

// Metadata are members of the discovery document, by name.
type Metadata map[string]yamlfile.JSON

// Tokens says how access tokens are issued.
type Tokens struct {
	Lifetime time.Duration `yaml:"lifetime" is:"duration" doc:"lifetime of an access token"`
	Audience string        `yaml:"audience" is:"https,required" doc:"aud of access tokens: an https URL"`
	Keys     []string      `yaml:"keys" is:"file" doc:"PKCS #8 PEM files, of which the first signs; when left out, the gateway generates its keys and keeps them in Redis"`
}

// A Listener is an address that Envoy serves.
type Listener struct {
	Address           string        `yaml:"address" is:"ip_port,required" doc:"IP:PORT"`
	URL               string        `yaml:"url" is:"https,required" doc:"URL that clients use: https, without a path"`
	ServerNames       []string      `yaml:"server_names" is:"host" doc:"server names (SNI) that clients may use; any when left out"`
	Certificate       string        `yaml:"certificate" is:"file,required" doc:"PEM file of the server's certificate chain"`
	Key               string        `yaml:"key" is:"file,required" doc:"PEM file of its key"`
	Certificates      []Certificate `yaml:"certificates" doc:"further certificates; Envoy selects one by the server name that the client sends"`
	ClientCertificate string        `yaml:"client_certificate" is:"client_certificate,required" doc:"required or none; the CAs are those of the directories"`
	TLSMinimum        string        `yaml:"tls_minimum" is:"tls_version" doc:"minimum TLS version"`
}

// A Certificate is a certificate chain with its key.
type Certificate struct {
	Certificate string `yaml:"certificate" is:"file,required" doc:"PEM file of a certificate chain"`
	Key         string `yaml:"key" is:"file,required" doc:"PEM file of its key"`
}

// An Upstream is one or more equivalent servers that requests are passed on to over HTTP/1.1.
type Upstream struct {
	Address        Addresses     `yaml:"address" is:"address,required,one_or_more" doc:"unix:PATH or HOST:PORT, or a list of them"`
	TLS            *UpstreamTLS  `yaml:"tls" doc:"TLS to the upstream; plain HTTP when left out"`
	Host           string        `yaml:"host" is:"host" doc:"Host header that the upstream receives; the client's when left out"`
	Timeout        time.Duration `yaml:"timeout" is:"duration" doc:"timeout for the complete response"`
	ConnectTimeout time.Duration `yaml:"connect_timeout" is:"duration" doc:"timeout for connecting"`
	Retries        int           `yaml:"retries" is:"retries" doc:"retries of a request that the upstream has certainly not received"`
	Health         *Health       `yaml:"health" doc:"active health checks; none when left out"`
	StripHeaders   []string      `yaml:"strip_headers" is:"header" doc:"further request headers of clients that the upstream must not receive, such as the user that another proxy used to name"`
	MaxConnections int           `yaml:"max_connections" is:"count" doc:"maximum connections to the upstream; the rest get 503"`
	MaxRequests    int           `yaml:"max_requests" is:"count" doc:"maximum concurrent requests, and as many queued; the rest get 503"`
}

// UpstreamTLS says how to verify the upstream, and which client certificate to present.
type UpstreamTLS struct {
	CA          string `yaml:"ca" is:"file,required" doc:"PEM file of the CAs that may issue the upstream's certificate"`
	ServerName  string `yaml:"server_name" is:"host,required" doc:"name that the upstream's certificate must contain"`
	Certificate string `yaml:"certificate" is:"file" doc:"PEM file of the gateway's client certificate, for mTLS"`
	Key         string `yaml:"key" is:"file" doc:"PEM file of its key"`
}

// Health says how an upstream's health is checked: GET of a path; 200 means healthy.
type Health struct {
	Path     string        `yaml:"path" is:"path,required" doc:"path of the GET request; the upstream is healthy if it answers 200"`
	Interval time.Duration `yaml:"interval" is:"duration" doc:"time between two health checks"`
	Timeout  time.Duration `yaml:"timeout" is:"duration" doc:"timeout of a health check"`
}

// A Plan limits the rate of requests to its routes, which share it. Each limit is a token bucket that is filled evenly: 10/s
// allows ten requests at once and then one each 100 ms.
type Plan struct {
	PerSource Rate `yaml:"per_source" is:"rate" doc:"limit for each IP address, before any check: 100/s, 600/m or 1000/h"`
	PerClient Rate `yaml:"per_client" is:"rate" doc:"limit for each client, after the checks have identified it: 10/s, 600/m or 1000/h"`
}

// RateLimitService is a server of Envoy's rate limit service protocol. After the gate, Envoy asks it about requests to routes
// with a plan, with the descriptor (plan, NAME), (client, ID). A request is refused if it does not answer in time.
type RateLimitService struct {
	Address string        `yaml:"address" is:"address,required" doc:"unix:PATH or HOST:PORT of the service"`
	Domain  string        `yaml:"domain" is:"text" doc:"domain of its limits"`
	Timeout time.Duration `yaml:"timeout" is:"duration" doc:"timeout for its response; 503 after that"`
}

// Edge holds the limits of every listener. Envoy reads MaxConnections and MaxMemory only when it starts.
type Edge struct {
	HeaderTimeout      time.Duration `yaml:"header_timeout" is:"duration" doc:"time for a client to send the headers of a request"`
	RequestTimeout     time.Duration `yaml:"request_timeout" is:"duration" doc:"time for a client to send a complete request"`
	HandshakeTimeout   time.Duration `yaml:"handshake_timeout" is:"duration" doc:"time for the TLS handshake"`
	IdleTimeout        time.Duration `yaml:"idle_timeout" is:"duration" doc:"time after which a connection without requests is closed"`
	ConnectionDuration time.Duration `yaml:"connection_duration" is:"duration" doc:"maximum age of a connection, so that certificates are verified again"`
	DrainTime          time.Duration `yaml:"drain_time" is:"duration" doc:"time after which connections on changed listener settings or removed CAs end; dcr-gateway edge reads it at its start"`
	HealthPath         string        `yaml:"health_path" is:"route_path" doc:"path on each listener at which load balancers see whether Envoy and its gate can serve: 200 or 503, to GET and HEAD without a query"`
	MaxHeader          Size          `yaml:"max_header" is:"size" doc:"maximum size of all headers of a request"`
	MaxHeaders         int           `yaml:"max_headers" is:"count" doc:"maximum number of headers"`
	MaxStreams         int           `yaml:"max_streams" is:"count" doc:"maximum concurrent requests on one HTTP/2 connection"`
	MaxConnections     int           `yaml:"max_connections" is:"count" doc:"maximum client connections; Envoy reads it only at startup"`
	MaxMemory          Size          `yaml:"max_memory" is:"size" doc:"maximum heap of Envoy, which rejects requests beyond it; Envoy reads it only at startup"`
}

// A Route is a path and some of its methods: what they need and which upstream serves them. Two routes may share a path if
// their methods differ.
type Route struct {
	Name        string        `yaml:"name" is:"name,required" doc:"unique name, used in logs and facts"`
	Listener    string        `yaml:"listener" is:"name" doc:"listener of the route"`
	Path        string        `yaml:"path" is:"route_path,required" doc:"exact path; a segment {Name} matches any single segment; ends with a slash only if the profile requires it"`
	Methods     []string      `yaml:"methods" is:"method,required" doc:"HTTP methods, in upper case"`
	Checks      []string      `yaml:"checks" is:"check" doc:"checks that a request must pass; the gateway fixes their order"`
	Public      bool          `yaml:"public" is:"bool" doc:"states that the route needs no check"`
	DryRun      bool          `yaml:"dry_run" is:"bool" doc:"allows dry runs of registration requests (Prefer: dry-run): everything is checked, nothing is stored"`
	Unsigned    bool          `yaml:"unsigned_requests" is:"bool" doc:"required for a profile with plain JSON requests that nobody signs: the client certificate alone proves who sent them"`
	Profile     string        `yaml:"profile" is:"text" doc:"registration profile; only on registration routes"`
	Directories []string      `yaml:"directories" is:"directory" doc:"directories whose software products may register here, or manage their clients; all when left out"`
	Audiences   []string      `yaml:"audiences" is:"text" doc:"accepted values of aud in registration requests to this route; those of the file when left out"`
	Scopes      []string      `yaml:"scopes" is:"scope" doc:"scopes that the token must have, all of them; with the check scope"`
	Roles       []string      `yaml:"roles" is:"role" doc:"roles that the client's software product must have, all of them; with the check role"`
	Users       string        `yaml:"users" is:"file" doc:"file of user names and bcrypt hashes, as written by htpasswd -B; with the check basic"`
	Endpoint    string        `yaml:"endpoint" is:"endpoint" doc:"endpoint of the registry; left out for a bank's API"`
	Upstream    string        `yaml:"upstream" is:"name" doc:"upstream that receives the request; registry for an endpoint"`
	BodyLimit   Size          `yaml:"body_limit" is:"size" doc:"maximum body size; 413 beyond it"`
	Timeout     time.Duration `yaml:"timeout" is:"duration" doc:"timeout for the complete response; the upstream's when left out"`
	Plan        string        `yaml:"plan" is:"name" doc:"rate plan; when left out, the plan named default if there is one"`
	Facts       string        `yaml:"facts" is:"facts" doc:"what the upstream receives about the client: signed facts, plain x-dcr headers, or nothing"`
	Token       bool          `yaml:"token" is:"bool" doc:"forward the Authorization header to the upstream"`
}

// Abs returns the absolute name of a file that routes.yaml names: relative names are relative to the file's folder.
func (f *File) Abs(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(f.Dir, name)
}

// TokenKeys returns the absolute names of the files with the keys for access tokens; nil if the keys are in Redis.
func (f *File) TokenKeys() []string {
	var files []string
	for _, name := range f.Tokens.Keys {
		files = append(files, f.Abs(name))
	}
	return files
}

// Route returns the route with the name, or nil.
func (f *File) Route(name string) *Route {
	for i := range f.Routes {
		if f.Routes[i].Name == name {
			return &f.Routes[i]
		}
	}
	return nil
}

// EndpointURL returns the URL of the first route that serves an endpoint, or "" if none does.
func (f *File) EndpointURL(endpoint string) string {
	for i := range f.Routes {
		if route := &f.Routes[i]; route.Endpoint == endpoint {
			return f.URL(route)
		}
	}
	return ""
}

// URL returns the URL of a route. A path with params stays a template.
func (f *File) URL(route *Route) string {
	return f.Listeners[route.Listener].URL + route.Path
}
