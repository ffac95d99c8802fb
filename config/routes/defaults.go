package routes

import (
	"cmp"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// fillDefaults fills in what the file leaves out. All defaults of routes.yaml are here: no other part of the product has
// one.
func (f *File) fillDefaults() {
	f.KeyManager = cmp.Or(f.KeyManager, KeyManagerBuiltin)
	f.Tokens.Lifetime = cmp.Or(f.Tokens.Lifetime, 5*time.Minute)
	f.Edge.fillDefaults()
	for name, listener := range f.Listeners {
		listener.TLSMinimum = cmp.Or(listener.TLSMinimum, "1.2")
		f.Listeners[name] = listener
	}
	for name, upstream := range f.Upstreams {
		upstream.fillDefaults(name, f.Source)
		f.Upstreams[name] = upstream
	}
	if service := f.RateLimits; service != nil {
		service.Domain = cmp.Or(service.Domain, "dcr-gateway")
		service.Timeout = cmp.Or(service.Timeout, 100*time.Millisecond)
	}
	for i := range f.Routes {
		f.Routes[i].fillDefaults(f)
	}
}

// DefaultDrainTime is edge.drain_time of a file that does not set it.
const DefaultDrainTime = 10 * time.Second

func (e *Edge) fillDefaults() {
	e.RequestTimeout = cmp.Or(e.RequestTimeout, 15*time.Second)
	e.HeaderTimeout = cmp.Or(e.HeaderTimeout, min(5*time.Second, e.RequestTimeout))
	e.HandshakeTimeout = cmp.Or(e.HandshakeTimeout, 10*time.Second)
	e.IdleTimeout = cmp.Or(e.IdleTimeout, 2*time.Minute)
	e.ConnectionDuration = cmp.Or(e.ConnectionDuration, 15*time.Minute)
	e.DrainTime = cmp.Or(e.DrainTime, DefaultDrainTime)
	e.HealthPath = cmp.Or(e.HealthPath, "/healthz")
	e.MaxHeader = cmp.Or(e.MaxHeader, 32<<10)
	e.MaxHeaders = cmp.Or(e.MaxHeaders, 64)
	e.MaxStreams = cmp.Or(e.MaxStreams, 100)
	e.MaxConnections = cmp.Or(e.MaxConnections, 20_000)
	e.MaxMemory = cmp.Or(e.MaxMemory, 2<<30)
}

// fillDefaults retries a request to the registry once. That is safe: only requests that the registry has not seen are sent
// again. A frozen registry is left out within seconds.
func (u *Upstream) fillDefaults(name string, src *yamlfile.Source) {
	u.Timeout = cmp.Or(u.Timeout, 10*time.Second)
	u.ConnectTimeout = cmp.Or(u.ConnectTimeout, min(2*time.Second, u.Timeout))
	u.MaxConnections = cmp.Or(u.MaxConnections, 4096)
	u.MaxRequests = cmp.Or(u.MaxRequests, 4096)
	if name == Registry && !src.Has("upstreams."+name+".retries") {
		u.Retries = 1
	}
	if name == Registry && u.Health == nil {
		u.Health = &Health{Path: RegistryHealth, Interval: time.Second}
	}
	if u.Health != nil {
		u.Health.Interval = cmp.Or(u.Health.Interval, 5*time.Second)
		u.Health.Timeout = cmp.Or(u.Health.Timeout, min(time.Second, u.Health.Interval))
	}
}

func (r *Route) fillDefaults(f *File) {
	r.Listener = cmp.Or(r.Listener, "mtls")
	if r.Endpoint != "" {
		r.Upstream = cmp.Or(r.Upstream, Registry)
	}
	r.BodyLimit = cmp.Or(r.BodyLimit, r.endpoint().BodyLimit, MaxBody)
	r.Timeout = cmp.Or(r.Timeout, f.Upstreams[r.Upstream].Timeout)
	r.Facts = cmp.Or(r.Facts, FactsSigned)
	if _, there := f.Plans[DefaultPlan]; there {
		r.Plan = cmp.Or(r.Plan, DefaultPlan)
	}
}
