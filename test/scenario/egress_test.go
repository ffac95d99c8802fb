package scenario

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// TestEgress: a gateway that uses all that it can connects to all that `dcr-gateway egress` lists, and to nothing else.
// What nobody answers is a connection too.
func TestEgress(t *testing.T) {
	t.Parallel()
	limits, collector := silent(t), silent(t)
	o := harness.Options{Program: program, Record: true, OTLP: "http://" + collector}
	w := harness.New(t, o, checkDecisions, func(w *harness.World) error { return w.CheckEgress(!t.Failed()) })
	client := w.Register(t, harness.Order{})
	routes, err := w.Routes()
	if err == nil {
		err = w.Install(t.Context(), strings.Replace(routes, "plans:\n", "rate_limit_service: {address: \""+limits+"\", timeout: 100ms}\nplans:\n", 1))
	}
	if err != nil {
		t.Fatal(err)
	}
	for part, to := range map[string][]string{
		harness.Envoy:    {limits, collector, w.Address(harness.Bank)},
		harness.Gate:     {collector, w.Address(harness.Directory), strings.Split(w.File.Redis, "/")[2]},
		harness.Registry: {collector, strings.Split(w.File.Redis, "/")[2]},
	} {
		for _, address := range to {
			eventually(t, time.Minute, part+" connects to "+address, func() bool {
				_, _ = client.Try(t, http.MethodGet, w.File.APIs[0].URL, "", "", true) // 503: the limits are not known
				return w.Connects(t, part, address)
			})
		}
	}
}

// silent is the address of a server that accepts connections, and hangs up.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // it was closed
			}
			_ = connection.Close()
		}
	}()
	return listener.Addr().String()
}
