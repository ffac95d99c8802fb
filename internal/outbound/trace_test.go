package outbound

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/otlpserver"
)

func TestTraced(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Traceparent") != "" {
			t.Error("a stranger's server is told the trace")
		}
		if r.URL.Path == "/away" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		if r.URL.Path == "/encoded" {
			w.Header().Set("Content-Encoding", "gzip")
		}
	}, nil)
	tracer, sent := otlpserver.Start(t, nil).Tracer(t)
	client := s.client()
	if _, err := client.Get(t.Context(), s.URL, ""); err != nil { // of no request
		t.Fatal(err)
	}
	ctx, span := tracer.Serve(t.Context(), otlpserver.Recorded(), "serve")
	for _, path := range []string{"/a%2Fb?secret=1", "/away", "/encoded"} {
		_, _ = client.Get(ctx, s.URL+path, "")
	}
	s.Close()
	_, _ = client.Get(ctx, s.URL+"/closed", "")
	_, _ = client.Get(ctx, "https://forbidden.example/", "") // nothing is asked
	span.End()

	wants := []map[string]string{
		{"url.full": s.URL + "/a%2Fb", "http.response.status_code": "200"},
		{"url.full": s.URL + "/away", "http.response.status_code": "503", "error.type": "503"},
		{"url.full": s.URL + "/encoded", "http.response.status_code": "200", "error.type": "document"},
		{"url.full": s.URL + "/closed", "error.type": "connection"},
	}
	all := sent()
	if len(all) != 1+len(wants) {
		t.Fatalf("got %d spans: %+v", len(all), all)
	}
	for i, want := range wants {
		for name, value := range map[string]string{"http.request.method": "GET", "server.address": "127.0.0.1", "server.port": s.port()} {
			want[name] = value
		}
		got := all[1+i]
		if got.Name != "GET" || got.Kind != "CLIENT" || got.Parent != all[0].ID || got.Failed != (want["error.type"] != "") || !reflect.DeepEqual(got.Attributes, want) {
			t.Errorf("got %+v, want %v", got, want)
		}
	}
}
