package routes

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

func (c *checker) checkListeners() {
	addresses := map[string]string{}
	for _, name := range c.listeners {
		listener, where := c.Listeners[name], "listeners."+name
		if address, err := netip.ParseAddrPort(listener.Address); err != nil || address.Port() == 0 {
			c.add("listener.address", where+".address", "must be IP:PORT, the port from 1 to 65535")
		} else if other, taken := addresses[listener.Address]; taken {
			c.add("listener.address", where+".address", "is the address of listener %q too", other)
		}
		addresses[listener.Address] = name
		c.checkNames(where, listener)
		c.file(where+".certificate", listener.Certificate)
		c.file(where+".key", listener.Key)
		for i, pair := range listener.Certificates {
			at := item(where+".certificates", i)
			c.file(at+".certificate", pair.Certificate)
			c.file(at+".key", pair.Key)
		}
	}
}

// checkNames compares a listener's URL with its server names.
func (c *checker) checkNames(where string, listener Listener) {
	u := c.url(where+".url", listener.URL)
	if u == nil {
		return
	}
	if u.Path != "" {
		c.add("listener.url", where+".url", "must end after the host and port")
	}
	_, err := netip.ParseAddr(u.Hostname())
	if isName := err != nil; isName && len(listener.ServerNames) > 0 && !slices.Contains(listener.ServerNames, u.Hostname()) {
		c.add("listener.server_names", where+".server_names", "must name the host of url too: clients ask for it")
	}
}

func (c *checker) checkUpstreams() {
	for _, name := range c.upstreams {
		upstream, where := c.Upstreams[name], "upstreams."+name
		if slices.Contains([]string{GateCluster, XDSCluster, RateLimitCluster, TracesCluster}, name) {
			c.add("upstream.name", where, "is a name that the gateway uses itself")
		}
		for i, address := range upstream.Address {
			at := item(where+".address", i)
			if len(upstream.Address) == 1 && !c.Has(at) {
				at = where + ".address"
			}
			c.address(at, address)
		}
		c.atMost("upstream.timeout", where+".connect_timeout", upstream.ConnectTimeout, where+".timeout", upstream.Timeout)
		if health := upstream.Health; health != nil {
			c.atMost("upstream.health", where+".health.timeout", health.Timeout, where+".health.interval", health.Interval)
			if name == Registry && health.Path != RegistryHealth {
				c.add("upstream.health", where+".health.path", "must be %s, or health be left out: to any other question without facts the registry answers 403", RegistryHealth)
			}
		}
		if upstream.TLS != nil {
			c.checkUpstreamTLS(where+".tls", upstream.TLS)
		}
		for i, header := range upstream.StripHeaders {
			if name == Registry || keptHeader(header) {
				c.add("upstream.strip_headers", item(where+".strip_headers", i), "must not be removed: the gateway or HTTP itself needs it")
			}
		}
	}
	if service := c.RateLimits; service != nil {
		c.address("rate_limit_service.address", service.Address)
	}
}

// keptHeader reports whether requests cannot do without a header: HTTP needs it, the gateway sets it, or token says whether
// it is forwarded.
func keptHeader(name string) bool {
	return strings.HasPrefix(name, "x-dcr-") || slices.Contains([]string{
		"authorization", "connection", "content-encoding", "content-length", "content-type", "host", "te", "transfer-encoding", "x-fapi-interaction-id", "x-request-id",
	}, name)
}

func (c *checker) address(where, text string) {
	if _, err := ParseAddress(text); err != nil {
		c.add("address.form", where, "%v", err)
	}
}

func (c *checker) checkUpstreamTLS(where string, tls *UpstreamTLS) {
	c.file(where+".ca", tls.CA)
	if (tls.Certificate == "") != (tls.Key == "") && c.sound(where+".certificate") && c.sound(where+".key") {
		c.add("upstream.tls", where, "certificate and key need each other")
	}
	if tls.Certificate != "" {
		c.file(where+".certificate", tls.Certificate)
	}
	if tls.Key != "" {
		c.file(where+".key", tls.Key)
	}
}

func (c *checker) checkPlans() {
	for _, name := range c.plans {
		if c.Plans[name] == (Plan{}) {
			c.add("plan.empty", "plans."+name, "must have per_source, per_client or both: it limits nothing")
		}
	}
}

// checkTokens refuses a lifetime that exp and iat cannot express in seconds, or that is too short to use a token.
func (c *checker) checkTokens() {
	if l := c.Tokens.Lifetime; l < 10*time.Second || l%time.Second != 0 {
		c.add("tokens.lifetime", "tokens.lifetime", "must be whole seconds, from 10s to 24h")
	}
}

// checkEdge refuses limits under which Envoy or its clients cannot work, and limits that have no effect.
func (c *checker) checkEdge() {
	e := &c.Edge
	for _, limit := range []struct {
		key           string
		is, low, high int64
		words         string
	}{
		{"header_timeout", int64(e.HeaderTimeout), int64(100 * time.Millisecond), int64(time.Minute), "from 100ms to 1m"},
		{"request_timeout", int64(e.RequestTimeout), int64(time.Second), int64(10 * time.Minute), "from 1s to 10m"},
		{"handshake_timeout", int64(e.HandshakeTimeout), int64(100 * time.Millisecond), int64(time.Minute), "from 100ms to 1m"},
		{"idle_timeout", int64(e.IdleTimeout), int64(time.Second), int64(time.Hour), "from 1s to 1h"},
		{"connection_duration", int64(e.ConnectionDuration), int64(10 * time.Second), int64(24 * time.Hour), "from 10s to 24h"},
		{"drain_time", int64(e.DrainTime), int64(time.Second), int64(10 * time.Minute), "from 1s to 10m"},
		{"max_header", int64(e.MaxHeader), 4 << 10, 96 << 10, "from 4KiB to 96KiB"},
		{"max_headers", int64(e.MaxHeaders), 16, 1000, "from 16 to 1000"},
		{"max_streams", int64(e.MaxStreams), 1, 1000, "from 1 to 1000"},
		{"max_memory", int64(e.MaxMemory), 64 << 20, 64 << 30, "from 64MiB to 64GiB"},
	} {
		if limit.is < limit.low || limit.is > limit.high {
			c.add("edge.range", "edge."+limit.key, "must be %s", limit.words)
		}
	}
	if e.MaxHeader > 4<<10 && e.MaxHeader%(1<<10) != 0 {
		c.add("edge.range", "edge.max_header", "must be whole KiB")
	}
	if e.DrainTime > time.Second && e.DrainTime%time.Second != 0 {
		c.add("edge.range", "edge.drain_time", "must be whole seconds")
	}
	for i := range c.Routes {
		if c.Routes[i].Path == e.HealthPath {
			c.add("edge.health_path", "edge.health_path", "is the path of route %q too: choose another one", c.Routes[i].Name)
		}
	}
	c.atMost("edge.order", "edge.header_timeout", e.HeaderTimeout, "edge.request_timeout", e.RequestTimeout)
}
