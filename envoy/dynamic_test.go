package envoy_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptrace"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	cachev3 "github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	serverv3 "github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/envoy"
)

const dynamicRoutes = twoListeners + `
upstreams:
  registry: {address: "unix:DIR/registry.sock"}
  bank: {address: "BANK", timeout: 3s, tls: {ca: bank-ca.pem, server_name: bank.test, certificate: ours.pem, key: ours.key}}
plans:
  hourly: {per_client: 2/h}
routes:
  - {name: jwks, path: /jwks, methods: [GET], listener: public, public: true, endpoint: jwks}
  - {name: a, path: /a, methods: [GET], checks: [certificate, bearer], upstream: bank}
`

// A publisher gives Envoy resources over Delta ADS.
type publisher struct {
	cache   cachev3.SnapshotCache
	version int
}

func startPublisher(t *testing.T, path string) *publisher {
	t.Helper()
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	p := &publisher{cache: cachev3.NewSnapshotCache(false, cachev3.IDHash{}, nil)}
	server := grpc.NewServer()
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(server, serverv3.NewServer(t.Context(), p.cache, nil))
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return p
}

// publish translates a file and gives it to Envoy.
func (p *publisher) publish(t *testing.T, e *edge, file *routes.File) *envoy.Resources {
	t.Helper()
	resources, err := envoy.Translate(file, e.options())
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := envoy.Secrets(file, e.options(), e.trust.PEM())
	if err != nil {
		t.Fatal(err)
	}
	p.version++
	snapshot, err := cachev3.NewSnapshot(strconv.Itoa(p.version), map[resource.Type][]types.Resource{
		resource.ListenerType: listOf(resources.Listeners),
		resource.RouteType:    listOf(resources.Routes),
		resource.ClusterType:  listOf(resources.Clusters),
		resource.SecretType:   listOf(secrets),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cache.SetSnapshot(context.Background(), "dcr-gateway", snapshot); err != nil {
		t.Fatal(err)
	}
	return resources
}

func listOf[M types.Resource](messages []M) []types.Resource {
	var list []types.Resource
	for _, message := range messages {
		list = append(list, message)
	}
	return list
}

// TestDynamic gives Envoy all but its bootstrap over xDS.
func TestDynamic(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.gate.answers(allowClient)
	bank := newAuthority(t)
	writeFile(t, filepath.Join(e.dir, "bank-ca.pem"), bank.PEM())
	bank.issue(t, "gateway", x509.ExtKeyUsageClientAuth, "gateway.test").Write(t, filepath.Join(e.dir, "ours"))
	words := []string{"BANK", startServer(t, bank.mutual(t), e.registry)}
	file := e.file(t, dynamicRoutes, words...)
	bootstrap, err := envoy.Bootstrap(file, e.options())
	if err != nil {
		t.Fatal(err)
	}
	e.start(t, bootstrap)
	if !e.waitFor(t, "/server_info", "INITIALIZING") {
		t.Fatal("envoy has not started")
	}
	if connection, err := net.Dial("tcp", host(e.mtls)); err == nil {
		connection.Close()
		t.Error("envoy listens without a policy")
	}
	p := startPublisher(t, filepath.Join(e.dir, "xds.sock"))
	first := p.publish(t, e, file)
	if !e.waitFor(t, "/ready", "LIVE") {
		t.Fatal("envoy is not ready")
	}
	client := e.client(t, 1)
	if seen := e.get(t, client, "/a", "").seen(t); seen.Client != "gateway" {
		t.Errorf("the upstream saw the client %q", seen.Client)
	}

	second := p.publish(t, e, e.file(t, changed(dynamicRoutes), words...))
	if !reflect.DeepEqual(bytesOf(t, first.Listeners), bytesOf(t, second.Listeners)) || !reflect.DeepEqual(bytesOf(t, first.Clusters), bytesOf(t, second.Clusters)) {
		t.Error("a change of routes and plans changes a listener or a cluster")
	}
	eventually(t, "the new route", func() bool { return e.get(t, client, "/b", "").status == http.StatusOK })
	e.get(t, client, "/b", "one").seen(t)
	e.get(t, client, "/b", "one").seen(t)
	e.get(t, client, "/b", "one").isLimited(t, 1800)
	p.publish(t, e, e.file(t, strings.ReplaceAll(changed(dynamicRoutes), "2/h", "6/h"), words...))
	eventually(t, "the new plan", func() bool { return e.get(t, client, "/b", "one").header.Get("Retry-After") == "600" })

	e.trust.write(t, e.dir, "server", "renewed")
	p.publish(t, e, e.file(t, dynamicRoutes, words...))
	eventually(t, "the route's end", func() bool { return e.get(t, client, "/b", "").status == http.StatusNotFound })
	eventually(t, "the new certificate", func() bool { return e.commonName(t) == "renewed" })
	if !e.reuses(t, client, "/a") {
		t.Error("a connection was lost though no listener changed")
	}

	p.publish(t, e, e.file(t, strings.ReplaceAll(dynamicRoutes, "plans:", "edge: {max_headers: 30}\nplans:"), words...))
	eventually(t, "a new connection", func() bool { return !e.reuses(t, client, "/a") }) // and every request is answered meanwhile
}

// changed has a route with a plan more, and says other things that are for the routes alone.
func changed(source string) string {
	return strings.Replace(source, "timeout: 3s", "timeout: 4s", 1) +
		"  - {name: b, path: /b, methods: [GET], checks: [certificate, bearer], upstream: bank, plan: hourly, timeout: 3s}\n"
}

// eventually asks for something for 5 s.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 500 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s is not there after 5 s", what)
}

// reuses asks for a path, and says whether it was on a connection that was there before.
func (e *edge) reuses(t *testing.T, client *http.Client, path string) bool {
	t.Helper()
	reused := false
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused }}
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, e.mtls+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := do(client, request)
	if err != nil {
		t.Fatal(err)
	}
	answer.seen(t)
	return reused
}

// commonName returns that of the certificate which a new connection sees.
func (e *edge) commonName(t *testing.T) string {
	t.Helper()
	connection, err := tls.Dial("tcp", host(e.mtls), &tls.Config{RootCAs: e.trust.Pool(), Certificates: []tls.Certificate{e.trust.client(t)}})
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	return connection.ConnectionState().PeerCertificates[0].Subject.CommonName
}

func bytesOf[M proto.Message](t *testing.T, messages []M) [][]byte {
	t.Helper()
	var all [][]byte
	for _, message := range messages {
		text, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	return all
}
