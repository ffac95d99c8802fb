// Package routes is the model and the reader of routes.yaml: the one file that says what is exposed, what is checked and
// where it goes. The gate builds its chains from it and Envoy gets its configuration from it, so the two can never
// disagree. The package knows nothing of Envoy.
package routes

import (
	"path/filepath"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// A File is routes.yaml, as Read returns it: complete, with its defaults filled in, and free of contradictions.
//
// The tags are the file's grammar. Reader and JSON Schema both come from them: yaml is the key; is names the kind of the
// value (see kinds) and may add "required"; doc is what an editor shows.
type File struct {
	Issuer      string              `yaml:"issuer" is:"https,required" doc:"name of the authorization server (RFC 8414): an https URL"`
	Audiences   []string            `yaml:"audiences" is:"text,required" doc:"what aud of a registration request may be, exactly"`
	Directories []string            `yaml:"directories" is:"file,required" doc:"files of the directories in use, relative to this file, or folders of them, with a slash at the end"`
	Profiles    []string            `yaml:"profiles" is:"file" doc:"files of registration profiles of your own, beside those that are shipped, or folders of them, with a slash at the end"`
	AuthMethods []string            `yaml:"auth_methods" is:"auth_method,required" doc:"client authentication methods that are offered"`
	KeyManager  string              `yaml:"key_manager" is:"key_manager" doc:"who issues access tokens"`
	Tokens      Tokens              `yaml:"tokens" is:"required" doc:"access tokens of the built-in key manager"`
	Listeners   map[string]Listener `yaml:"listeners" is:"required" doc:"addresses that Envoy serves, by name"`
	Upstreams   map[string]Upstream `yaml:"upstreams" is:"required" doc:"servers that requests are passed on to, by name"`
	Plans       map[string]Plan     `yaml:"plans" doc:"rate plans, by name; the plan default is that of every route that names none"`
	RateLimits  *RateLimitService   `yaml:"rate_limit_service" doc:"an existing rate limit service that counts for a whole fleet"`
	Edge        Edge                `yaml:"edge" doc:"limits of the edge"`
	Routes      []Route             `yaml:"routes" is:"required" doc:"paths, what they need, and who serves them"`

	Dir     string `yaml:"-"` // absolute folder of the file: what its relative names are relative to
	Version string `yaml:"-"` // content hash of this file and of what it includes; set by who loads them

	*yamlfile.Source // where everything stands in the text; nil of a File that was made in code
}

// Tokens says how access tokens are issued.
type Tokens struct {
	Lifetime time.Duration `yaml:"lifetime" is:"duration" doc:"life of an access token"`
	Audience string        `yaml:"audience" is:"https,required" doc:"aud of access tokens: an https URL"`
	Keys     []string      `yaml:"keys" is:"file" doc:"PKCS #8 PEM files, the first one signs; without any, keys are made and kept in Redis"`
}

// A Listener is an address that Envoy serves.
type Listener struct {
	Address           string        `yaml:"address" is:"ip_port,required" doc:"IP:PORT"`
	URL               string        `yaml:"url" is:"https,required" doc:"how clients reach it: https, without a path"`
	ServerNames       []string      `yaml:"server_names" is:"host" doc:"names that clients may ask for; any when left out"`
	Certificate       string        `yaml:"certificate" is:"file,required" doc:"PEM file of the server's certificate chain"`
	Key               string        `yaml:"key" is:"file,required" doc:"PEM file of its key"`
	Certificates      []Certificate `yaml:"certificates" doc:"further certificates; Envoy takes the one that has the name a client asks for"`
	ClientCertificate string        `yaml:"client_certificate" is:"client_certificate,required" doc:"required or none; the CAs are those of the directories"`
	TLSMinimum        string        `yaml:"tls_minimum" is:"tls_version" doc:"oldest TLS version that is spoken"`
}

// A Certificate is a certificate chain with its key.
type Certificate struct {
	Certificate string `yaml:"certificate" is:"file,required" doc:"PEM file of a certificate chain"`
	Key         string `yaml:"key" is:"file,required" doc:"PEM file of its key"`
}

// An Upstream is a server, or several that are equals, that requests are passed on to in HTTP/1.1.
type Upstream struct {
	Address        Addresses     `yaml:"address" is:"address,required,one_or_more" doc:"unix:PATH or HOST:PORT; a list where there are several"`
	TLS            *UpstreamTLS  `yaml:"tls" doc:"TLS to the upstream; plain HTTP when left out"`
	Host           string        `yaml:"host" is:"host" doc:"Host that the upstream is asked for; the client's when left out"`
	Timeout        time.Duration `yaml:"timeout" is:"duration" doc:"for a whole answer"`
	ConnectTimeout time.Duration `yaml:"connect_timeout" is:"duration" doc:"for a connection"`
	Retries        int           `yaml:"retries" is:"retries" doc:"how often a request is sent again that the upstream has certainly not seen"`
	Health         *Health       `yaml:"health" doc:"how its health is asked; not at all when left out"`
	MaxConnections int           `yaml:"max_connections" is:"count" doc:"maximum connections to it; requests beyond get 503"`
	MaxRequests    int           `yaml:"max_requests" is:"count" doc:"maximum concurrent requests, and as many queued; the rest get 503"`
}

// UpstreamTLS says whom to trust, and who we are.
type UpstreamTLS struct {
	CA          string `yaml:"ca" is:"file,required" doc:"PEM file of the CAs that the upstream's certificate must be from"`
	ServerName  string `yaml:"server_name" is:"host,required" doc:"name that its certificate must have"`
	Certificate string `yaml:"certificate" is:"file" doc:"PEM file of our client certificate, for mTLS"`
	Key         string `yaml:"key" is:"file" doc:"PEM file of its key"`
}

// Health says how an upstream's health is asked: GET of a path, 200 is well.
type Health struct {
	Path     string        `yaml:"path" is:"path,required" doc:"path to GET; 200 is well"`
	Interval time.Duration `yaml:"interval" is:"duration" doc:"between two questions"`
	Timeout  time.Duration `yaml:"timeout" is:"duration" doc:"for the answer"`
}

// A Plan bounds how often a route may be asked. Each of the two is a bucket that holds the plan's number and is filled
// evenly: of 10/s, ten at once and then one each 100 ms. Routes of one plan share its buckets.
type Plan struct {
	PerSource Rate `yaml:"per_source" is:"rate" doc:"of one IP address, before anything is checked: 100/s, 600/m or 1000/h"`
	PerClient Rate `yaml:"per_client" is:"rate" doc:"of one client, once it is known: 10/s, 600/m or 1000/h"`
}

// RateLimitService is a server of Envoy's rate limit service protocol. It is asked after the gate about routes with a
// plan, with the descriptor (plan, NAME), (client, ID); what it cannot answer in time is refused.
type RateLimitService struct {
	Address string        `yaml:"address" is:"address,required" doc:"unix:PATH or HOST:PORT of the service"`
	Domain  string        `yaml:"domain" is:"text" doc:"domain of its limits"`
	Timeout time.Duration `yaml:"timeout" is:"duration" doc:"for its answer; 503 beyond"`
}

// Edge are the limits of every listener. MaxConnections and MaxMemory are read by Envoy at its start only.
type Edge struct {
	HeaderTimeout      time.Duration `yaml:"header_timeout" is:"duration" doc:"for a client to send a request's header"`
	RequestTimeout     time.Duration `yaml:"request_timeout" is:"duration" doc:"for a client to send a whole request"`
	HandshakeTimeout   time.Duration `yaml:"handshake_timeout" is:"duration" doc:"for a client's TLS handshake"`
	IdleTimeout        time.Duration `yaml:"idle_timeout" is:"duration" doc:"life of a connection without requests"`
	ConnectionDuration time.Duration `yaml:"connection_duration" is:"duration" doc:"life of a connection, so that certificates are verified again"`
	DrainTime          time.Duration `yaml:"drain_time" is:"duration" doc:"for requests under way when a listener changes; Envoy reads it at its start"`
	MaxHeader          Size          `yaml:"max_header" is:"size" doc:"size of a request's header at most"`
	MaxHeaders         int           `yaml:"max_headers" is:"count" doc:"number of header fields at most"`
	MaxStreams         int           `yaml:"max_streams" is:"count" doc:"requests at once on one HTTP/2 connection"`
	MaxConnections     int           `yaml:"max_connections" is:"count" doc:"client connections at most; Envoy reads it at its start"`
	MaxMemory          Size          `yaml:"max_memory" is:"size" doc:"memory of Envoy at most, beyond which it refuses; it reads it at its start"`
}

// A Route is a path and some of its methods: what they need and who serves them. Two routes may share a path when
// their methods differ.
type Route struct {
	Name        string        `yaml:"name" is:"name,required" doc:"unique; in the logs and the facts"`
	Listener    string        `yaml:"listener" is:"name" doc:"listener that has the route"`
	Path        string        `yaml:"path" is:"route_path,required" doc:"exact; a segment {Name} stands for any one segment; a slash at the end only where the profile has it"`
	Methods     []string      `yaml:"methods" is:"method,required" doc:"in capitals"`
	Checks      []string      `yaml:"checks" is:"check" doc:"what a request must pass; their order is the gate's"`
	Public      bool          `yaml:"public" is:"bool" doc:"says in so many words that the route needs no check"`
	DryRun      bool          `yaml:"dry_run" is:"bool" doc:"registration requests may be tried (Prefer: dry-run): all is checked, nothing stored"`
	Unsigned    bool          `yaml:"unsigned_requests" is:"bool" doc:"the profile's registration requests are plain JSON that nobody signs: the client certificate alone proves whose they are"`
	Profile     string        `yaml:"profile" is:"text" doc:"registration profile; on registration routes alone"`
	Directories []string      `yaml:"directories" is:"directory" doc:"names of the directories whose software may register here; all of them when left out"`
	Scopes      []string      `yaml:"scopes" is:"scope" doc:"scopes that the token needs, all of them; with the check scope"`
	Roles       []string      `yaml:"roles" is:"role" doc:"roles that the client's software needs, all of them; with the check role"`
	Users       string        `yaml:"users" is:"file" doc:"file of user names and bcrypt hashes, as htpasswd -B writes it; with the check basic"`
	Endpoint    string        `yaml:"endpoint" is:"endpoint" doc:"what the registry serves here; none on a bank's API"`
	Upstream    string        `yaml:"upstream" is:"name" doc:"upstream that gets the request; registry where there is an endpoint"`
	BodyLimit   Size          `yaml:"body_limit" is:"size" doc:"largest body; 413 beyond"`
	Timeout     time.Duration `yaml:"timeout" is:"duration" doc:"for a whole answer; the upstream's when left out"`
	Plan        string        `yaml:"plan" is:"name" doc:"rate plan; the plan default, if there is one, when left out"`
	Facts       string        `yaml:"facts" is:"facts" doc:"what the upstream receives about the client: signed facts, plain x-dcr headers, or nothing"`
	Token       bool          `yaml:"token" is:"bool" doc:"the upstream gets the Authorization header"`
}

// Abs returns the absolute name of a file that routes.yaml names: relative names are relative to the file's folder.
func (f *File) Abs(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(f.Dir, name)
}

// TokenKeys are the absolute names of the files with the keys for access tokens; none where they are kept in Redis.
func (f *File) TokenKeys() []string {
	var files []string
	for _, name := range f.Tokens.Keys {
		files = append(files, f.Abs(name))
	}
	return files
}

// Route returns the route of a name, or nil.
func (f *File) Route(name string) *Route {
	for i := range f.Routes {
		if f.Routes[i].Name == name {
			return &f.Routes[i]
		}
	}
	return nil
}

// EndpointURL returns where clients find an endpoint: the URL of the first route that serves it, or "" where none does.
func (f *File) EndpointURL(endpoint string) string {
	for i := range f.Routes {
		if route := &f.Routes[i]; route.Endpoint == endpoint {
			return f.URL(route)
		}
	}
	return ""
}

// URL returns where clients find a route. A path with params stays a template.
func (f *File) URL(route *Route) string {
	return f.Listeners[route.Listener].URL + route.Path
}
