package trace_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/trace"
)

type environment map[string]string

func (e environment) get(name string) string { return e[name] }

func TestReadCollector(t *testing.T) {
	here, err := filepath.Abs("ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	none := map[string]string{}
	plain := trace.Collector{Host: "otel", Port: 4317, Ratio: 1, Headers: none, Resources: none}
	changed := func(change func(*trace.Collector)) *trace.Collector {
		c := plain
		change(&c)
		return &c
	}
	for _, row := range []struct {
		name, flag  string
		environment environment
		want        *trace.Collector
	}{
		{"nothing", "", nil, nil},
		{"the flag", "http://otel:4317", nil, &plain},
		{"the port of OTLP", "http://otel", nil, &plain},
		{"a slash", "http://otel/", nil, &plain},
		{"the environment", "", environment{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel:4317"}, &plain},
		{"traces before all signals", "", environment{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://otel"}, &plain},
		{"the flag before the environment", "http://otel", environment{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x"}, &plain},
		{"IPv6", "http://[::1]:9", nil, changed(func(c *trace.Collector) { c.Host, c.Port = "::1", 9 })},
		{"disabled", "http://otel", environment{"OTEL_SDK_DISABLED": "true"}, nil},
		{"another exporter", "http://otel", environment{"OTEL_TRACES_EXPORTER": "none"}, nil},
		{"this exporter", "http://otel", environment{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, &plain},
		{"the flag says that it is gRPC", "http://otel", environment{"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, &plain},
		{"a ratio", "http://otel", environment{"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25"},
			changed(func(c *trace.Collector) { c.Ratio = 0.25 })},
		{"a ratio of all", "http://otel", environment{"OTEL_TRACES_SAMPLER": "traceidratio"}, &plain},
		{"none", "http://otel", environment{"OTEL_TRACES_SAMPLER": "always_off"}, changed(func(c *trace.Collector) { c.Ratio = 0 })},
		{"headers", "http://otel", environment{"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20a%3D, x-tenant = b"},
			changed(func(c *trace.Collector) { c.Headers = map[string]string{"authorization": "Bearer a=", "x-tenant": "b"} })},
		{"resources", "http://otel", environment{"OTEL_RESOURCE_ATTRIBUTES": "k8s.pod.name=p-1,a=b%2Cc"},
			changed(func(c *trace.Collector) { c.Resources = map[string]string{"k8s.pod.name": "p-1", "a": "b,c"} })},
		{"TLS", "https://otel", environment{"OTEL_EXPORTER_OTLP_CERTIFICATE": "ca.pem", "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE": "/c", "OTEL_EXPORTER_OTLP_CLIENT_KEY": "/k"},
			changed(func(c *trace.Collector) { c.TLS, c.CA, c.Certificate, c.Key = true, here, "/c", "/k" })},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := trace.ReadCollector(row.flag, row.environment.get)
			if err != nil || !reflect.DeepEqual(got, row.want) {
				t.Errorf("got %+v, %v; want %+v", got, err, row.want)
			}
		})
	}
}

func TestReadCollectorRefuses(t *testing.T) {
	for _, row := range []struct {
		flag        string
		environment environment
		want        string
	}{
		{"otel:4317", nil, "must be http://HOST:PORT"},
		{"grpc://otel:4317", nil, "must be http://HOST:PORT"},
		{"http://:4317", nil, "must be http://HOST:PORT"},
		{"http://user:secret@otel", nil, "must be http://HOST:PORT"},
		{"http://otel/v1/traces", nil, "without a path"},
		{"http://otel?secret", nil, "without a path"},
		{"http://otel:0", nil, "1 to 65535"},
		{"http://otel:70000", nil, "1 to 65535"},
		{"https://otel", nil, "OTEL_EXPORTER_OTLP_CERTIFICATE"},
		{"https://otel", environment{"OTEL_EXPORTER_OTLP_CERTIFICATE": "a", "OTEL_EXPORTER_OTLP_CLIENT_KEY": "b"}, "need each other"},
		{"", environment{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, "gRPC only"},
		{"http://otel", environment{"OTEL_TRACES_EXPORTER": "zipkin"}, "only otlp and none"},
		{"http://otel", environment{"OTEL_TRACES_SAMPLER": "jaeger_remote"}, "OTEL_TRACES_SAMPLER must"},
		{"http://otel", environment{"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "10"}, "from 0 to 1"},
		{"http://otel", environment{"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "NaN"}, "from 0 to 1"},
		{"http://otel", environment{"OTEL_EXPORTER_OTLP_HEADERS": "authorization:secret"}, "key=value"},
		{"http://otel", environment{"OTEL_EXPORTER_OTLP_HEADERS": "a=%secret"}, "key=value"},
		{"http://otel", environment{"OTEL_RESOURCE_ATTRIBUTES": "secret"}, "OTEL_RESOURCE_ATTRIBUTES"},
	} {
		got, err := trace.ReadCollector(row.flag, row.environment.get)
		if err == nil || !strings.Contains(err.Error(), row.want) || got != nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s %v: got %v, %v; want an error with %q", row.flag, row.environment, got, err, row.want)
		}
	}
}

func TestService(t *testing.T) {
	for _, row := range []struct {
		environment environment
		want        []string // of the gate, the registry and Envoy
	}{
		{nil, []string{"dcr-gateway-gate", "dcr-gateway-registry", "dcr-gateway-envoy"}},
		{environment{"OTEL_SERVICE_NAME": "edge"}, []string{"edge", "edge", "edge-envoy"}},
		{environment{"OTEL_RESOURCE_ATTRIBUTES": "service.name=edge"}, []string{"edge", "edge", "edge-envoy"}},
	} {
		c, err := trace.ReadCollector("http://otel", row.environment.get)
		if err != nil {
			t.Fatal(err)
		}
		if got := []string{c.Service("gate"), c.Service("registry"), c.Service("envoy")}; !reflect.DeepEqual(got, row.want) {
			t.Errorf("%v: got %v, want %v", row.environment, got, row.want)
		}
	}
}
