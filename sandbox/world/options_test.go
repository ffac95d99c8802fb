package world

import (
	"net"
	"strings"
	"testing"
)

func TestOptions(t *testing.T) {
	good := Options{Profile: "obie-3.2", AuthMethods: []string{"private_key_jwt"}, Port: 65531}
	tests := []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{"good", func(*Options) {}, ""},
		{"an unknown profile", func(o *Options) { o.Profile = "obie-9" }, "--profile is one of obie-3.3, obie-3.4, obie-3.2, obie-3.1"},
		{"no method", func(o *Options) { o.AuthMethods = nil }, "--auth-methods names at least one"},
		{"an unknown method", func(o *Options) { o.AuthMethods = []string{"private_key_jwt", "none"} }, "--auth-methods are among"},
		{"a port too high for five", func(o *Options) { o.Port++ }, "--port"},
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
	if got, want := (Options{}).ports(), (ports{8443, 8444, 8445, 8446, 16379}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	o, err := Options{Port: AnyPorts}.withPorts()
	if err != nil {
		t.Fatal(err)
	}
	p := o.ports()
	for _, port := range []int{p.public, p.redis} {
		listener, err := net.Listen("tcp", loopback(port))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = listener.Close() }()
	}
	err = p.free(true)
	wantError(t, err, "the gateway's public listener")
	wantError(t, err, "for Redis")
	if strings.Contains(err.Error(), "bank") {
		t.Errorf("a port is called taken that is not: %v", err)
	}
	if err := p.free(false); strings.Contains(err.Error(), "Redis") {
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
