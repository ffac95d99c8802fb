package trace

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

// defaultPort is that of OTLP over gRPC.
const defaultPort = 4317

// A Collector is where spans go, and how many. A nil Collector is none: nothing is traced. What it holds comes from a flag
// and from the environment variables of the OpenTelemetry specification.
type Collector struct {
	Host string // name or IP address
	Port int
	TLS  bool

	// PEM files, absolute: the CAs of the collector's certificate, and a certificate for it with its key. CA is "" without TLS.
	CA, Certificate, Key string

	Headers map[string]string // of each export; they may be secrets
	Ratio   float64           // share of the traces that begin here and are recorded, 0 to 1

	service   string            // OTEL_SERVICE_NAME
	Resources map[string]string // OTEL_RESOURCE_ATTRIBUTES
}

// Address is host and port.
func (c *Collector) Address() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }

// Service is the service.name of a part of the gateway: gate, registry or envoy. $OTEL_SERVICE_NAME names the process that
// has it. The gate's Envoy, which the gate configures, is named after it.
func (c *Collector) Service(part string) string {
	switch {
	case c.service == "":
		return "dcr-gateway-" + part
	case part == "envoy":
		return c.service + "-envoy"
	}
	return c.service
}

// ReadCollector returns the collector of a flag, which may be empty, and of the environment; nil if neither names one.
// Variables that this program would not obey are errors: spans must not go elsewhere than is said.
func ReadCollector(flag string, getenv func(string) string) (*Collector, error) {
	e := environment{getenv}
	exporter := e.first("OTEL_TRACES_EXPORTER")
	address := cmp.Or(flag, e.export("ENDPOINT"))
	if strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") || exporter == "none" || address == "" {
		return nil, nil
	}
	if exporter != "" && exporter != "otlp" {
		return nil, fmt.Errorf("$OTEL_TRACES_EXPORTER is %.40q: only otlp and none are supported", exporter)
	}
	if protocol := e.export("PROTOCOL"); protocol != "" && protocol != "grpc" && flag == "" {
		return nil, fmt.Errorf("$OTEL_EXPORTER_OTLP_PROTOCOL is %.40q: traces go over gRPC only; name that port of the collector with --otlp", protocol)
	}
	c := &Collector{service: getenv("OTEL_SERVICE_NAME")}
	for _, read := range []func() error{
		func() error { return c.readURL(address) },
		func() error { return c.readFiles(e) },
		func() (err error) { c.Ratio, err = e.ratio(); return err },
		func() (err error) {
			c.Headers, err = pairs("OTEL_EXPORTER_OTLP_HEADERS", e.export("HEADERS"))
			return err
		},
		func() (err error) {
			c.Resources, err = pairs("OTEL_RESOURCE_ATTRIBUTES", getenv("OTEL_RESOURCE_ATTRIBUTES"))
			return err
		},
	} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	c.service = cmp.Or(c.service, c.Resources["service.name"])
	delete(c.Resources, "service.name")
	return c, nil
}

// readURL reads http://HOST:PORT or https://HOST:PORT.
func (c *Collector) readURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" ||
		u.RawQuery != "" || u.Fragment != "" {
		return errors.New("the collector of traces must be http://HOST:PORT or https://HOST:PORT, without a path: --otlp or $OTEL_EXPORTER_OTLP_ENDPOINT")
	}
	c.Host, c.Port, c.TLS = u.Hostname(), defaultPort, u.Scheme == "https"
	if port := u.Port(); port != "" {
		if c.Port, err = strconv.Atoi(port); err != nil || c.Port < 1 || c.Port > 65535 {
			return errors.New("the port of the collector of traces must be a number from 1 to 65535")
		}
	}
	return nil
}

// readFiles reads the names of the TLS files. The CAs must be named, because Envoy has no others.
func (c *Collector) readFiles(e environment) (err error) {
	if !c.TLS {
		return nil
	}
	c.CA, c.Certificate, c.Key = e.export("CERTIFICATE"), e.export("CLIENT_CERTIFICATE"), e.export("CLIENT_KEY")
	if c.CA == "" {
		return errors.New("a collector of traces at https:// needs $OTEL_EXPORTER_OTLP_CERTIFICATE, the file with its CA; " +
			"for a public CA that is /etc/ssl/certs/ca-certificates.crt")
	}
	if (c.Certificate == "") != (c.Key == "") {
		return errors.New("$OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and $OTEL_EXPORTER_OTLP_CLIENT_KEY need each other")
	}
	for _, name := range []*string{&c.CA, &c.Certificate, &c.Key} {
		if *name == "" {
			continue
		}
		if *name, err = filepath.Abs(*name); err != nil {
			return err
		}
	}
	return nil
}

// environment is the process's.
type environment struct{ getenv func(string) string }

func (e environment) first(names ...string) string {
	for _, name := range names {
		if value := strings.TrimSpace(e.getenv(name)); value != "" {
			return value
		}
	}
	return ""
}

// export returns a setting of the exporter: that of traces, or that of all signals.
func (e environment) export(name string) string {
	return e.first("OTEL_EXPORTER_OTLP_TRACES_"+name, "OTEL_EXPORTER_OTLP_"+name)
}

// ratio returns the share of traces to record. Envoy begins them, so that a sampler with a parent and one without are the same
// there.
func (e environment) ratio() (float64, error) {
	switch sampler := strings.TrimPrefix(strings.ToLower(e.first("OTEL_TRACES_SAMPLER")), "parentbased_"); sampler {
	case "", "always_on":
		return 1, nil
	case "always_off":
		return 0, nil
	case "traceidratio":
		text := e.first("OTEL_TRACES_SAMPLER_ARG")
		if text == "" {
			return 1, nil
		}
		ratio, err := strconv.ParseFloat(text, 64)
		if err != nil || !(ratio >= 0 && ratio <= 1) {
			return 0, fmt.Errorf("$OTEL_TRACES_SAMPLER_ARG is %.40q: it must be a number from 0 to 1", text)
		}
		return ratio, nil
	}
	return 0, errors.New("$OTEL_TRACES_SAMPLER must be one of always_on, always_off, traceidratio, and the same with parentbased_ before it")
}

// pairs reads key=value pairs that are separated by commas and percent-encoded. Errors quote no value.
func pairs(variable, text string) (map[string]string, error) {
	all := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, found := strings.Cut(pair, "=")
		name, err := url.PathUnescape(strings.TrimSpace(name))
		decoded, err2 := url.PathUnescape(strings.TrimSpace(value))
		if !found || name == "" || errors.Join(err, err2) != nil {
			return nil, fmt.Errorf("$%s must be key=value pairs, separated by commas and percent-encoded", variable)
		}
		all[name] = decoded
	}
	return all, nil
}
