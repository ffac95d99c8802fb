package world

import (
	"net"
	"slices"
	"strings"
	"testing"
)

func TestOptions(t *testing.T) {
	good := Options{Profile: "obie-3.2", AuthMethods: []string{"private_key_jwt"}, Port: 65531, Fleet: 1}
	tests := []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{"good", func(*Options) {}, ""},
		{"an unknown profile", func(o *Options) { o.Profile = "obie-9" }, "--profile is one of obie-3.3, obie-3.4, obie-3.2, obie-3.1"},
		{"no method", func(o *Options) { o.AuthMethods = nil }, "--auth-methods names at least one"},
		{"an unknown method", func(o *Options) { o.AuthMethods = []string{"private_key_jwt", "none"} }, "--auth-methods are among"},
		{"a port too high for five", func(o *Options) { o.Port++ }, "--port is a number from 1 to 65531"},
		{"a port too high for seven", func(o *Options) { o.Fleet = 2 }, "--port is a number from 1 to 65529"},
		{"a collector of traces by another protocol", func(o *Options) { o.OTLP = "grpc://collector" }, "http://HOST:PORT"},
		{"a fleet too large", func(o *Options) { o.Fleet = 10 }, "--fleet is a number from 1 to 9"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := good
			test.change(&o)
			wantError(t, o.check(), test.want)
		})
	}
}

func TestPorts(t *testing.T) {
	for _, test := range []struct {
		options Options
		shared  ports
		own     []gateway
	}{
		{Options{}, ports{8445, 8446, 16379}, []gateway{{1, 8443, 8444}}},
		{Options{Fleet: 3}, ports{8445, 8446, 16379}, []gateway{{1, 8443, 8444}, {2, 8447, 8448}, {3, 8449, 8450}}},
		{Options{Port: 20000, Fleet: 2}, ports{20002, 20003, 20004}, []gateway{{1, 20000, 20001}, {2, 20005, 20006}}},
	} {
		if shared, own := test.options.ports(), test.options.gateways(); shared != test.shared || !slices.Equal(own, test.own) {
			t.Errorf("%+v: %v and %v", test.options, shared, own)
		}
	}
	o, err := Options{Port: AnyPorts, Fleet: 2}.withPorts()
	if err != nil {
		t.Fatal(err)
	}
	p := o.ports()
	for _, port := range []int{o.gateways()[1].public, p.redis} {
		listener, err := net.Listen("tcp", loopback(port))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = listener.Close() }()
	}
	err = o.free()
	wantError(t, err, "gateway-2's public listener")
	wantError(t, err, "for the Redis server")
	if strings.Contains(err.Error(), "bank") {
		t.Errorf("a port is called taken that is not: %v", err)
	}
	o.Redis = "redis://127.0.0.1:1/0"
	if err := o.free(); strings.Contains(err.Error(), "Redis") {
		t.Errorf("Redis' port is not used: %v", err)
	}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("%v, want %q", err, want)
	}
}
