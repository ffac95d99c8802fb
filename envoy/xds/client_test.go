package xds

import (
	"context"
	"slices"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	statusv3 "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// A client speaks Delta ADS word by word, as an Envoy does.
type client struct {
	t       testing.TB
	id      string
	stream  discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesClient
	pushes  chan *discoveryv3.DeltaDiscoveryResponse
	ended   chan error
	hangUp  func()
	version map[kind]map[string]string // of what it has taken
}

func (w *world) dial() *grpc.ClientConn {
	w.t.Helper()
	connection, err := grpc.NewClient("unix:"+w.socket(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { connection.Close() })
	return connection
}

// connect opens a stream and says nothing yet.
func (w *world) connect(id string) *client {
	w.t.Helper()
	connection := w.dial()
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := discoveryv3.NewAggregatedDiscoveryServiceClient(connection).DeltaAggregatedResources(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	c := &client{
		t: w.t, id: id, stream: stream, pushes: make(chan *discoveryv3.DeltaDiscoveryResponse, 100), ended: make(chan error, 1),
		hangUp: func() { cancel(); connection.Close() }, version: map[kind]map[string]string{},
	}
	w.t.Cleanup(c.hangUp)
	go c.receive()
	return c
}

func (c *client) receive() {
	for {
		response, err := c.stream.Recv()
		if err != nil {
			c.ended <- err
			return
		}
		c.pushes <- response
	}
}

func (c *client) send(request *discoveryv3.DeltaDiscoveryRequest) {
	c.t.Helper()
	request.Node = &corev3.Node{Id: c.id}
	if err := c.stream.Send(request); err != nil {
		c.t.Fatal(err)
	}
}

// asks subscribes to names, or to all. What the client has already, it says.
func (c *client) asks(kind kind, names ...string) {
	c.t.Helper()
	c.send(&discoveryv3.DeltaDiscoveryRequest{
		TypeUrl: kindURLs[kind], ResourceNamesSubscribe: names, InitialResourceVersions: c.version[kind],
	})
}

// gets waits for the next push and checks what it brings and takes away ("-name").
func (c *client) gets(kind kind, names ...string) *discoveryv3.DeltaDiscoveryResponse {
	c.t.Helper()
	select {
	case have := <-c.pushes:
		var brought []string
		for _, resource := range have.GetResources() {
			brought = append(brought, resource.GetName())
		}
		for _, name := range have.GetRemovedResources() {
			brought = append(brought, "-"+name)
		}
		if have.GetTypeUrl() != kindURLs[kind] || !slices.Equal(brought, names) {
			c.t.Fatalf("have %s %v, want %s %v", kindOf(have.GetTypeUrl()), brought, kind, names)
		}
		return have
	case err := <-c.ended:
		c.t.Fatalf("the stream has ended: %v", err)
	case <-time.After(patience):
		c.t.Fatalf("no push of %s %v", kind, names)
	}
	return nil
}

// acks takes a push.
func (c *client) acks(push *discoveryv3.DeltaDiscoveryResponse) {
	c.t.Helper()
	kind := kindOf(push.GetTypeUrl())
	if c.version[kind] == nil {
		c.version[kind] = map[string]string{}
	}
	for _, resource := range push.GetResources() {
		c.version[kind][resource.GetName()] = resource.GetVersion()
	}
	for _, name := range push.GetRemovedResources() {
		delete(c.version[kind], name)
	}
	c.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: push.GetTypeUrl(), ResponseNonce: push.GetNonce()})
}

// takes waits for a push and takes it.
func (c *client) takes(kind kind, names ...string) {
	c.t.Helper()
	c.acks(c.gets(kind, names...))
}

// nacks refuses a push.
func (c *client) nacks(push *discoveryv3.DeltaDiscoveryResponse, words string) {
	c.t.Helper()
	c.send(&discoveryv3.DeltaDiscoveryRequest{
		TypeUrl: push.GetTypeUrl(), ResponseNonce: push.GetNonce(), ErrorDetail: &statusv3.Status{Code: 3, Message: words},
	})
}

// quiet checks that nothing has come. It waits for pushes that should not be there, so call it after an outcome.
func (c *client) quiet() {
	c.t.Helper()
	select {
	case push := <-c.pushes:
		c.t.Fatalf("have a push of %s: %v", kindOf(push.GetTypeUrl()), push.GetResources())
	case <-time.After(30 * time.Millisecond):
	}
}

// begins asks for everything as an Envoy does at its start, and takes it.
func (c *client) begins(r []string) {
	c.t.Helper()
	c.asks(clusters)
	c.takes(clusters, r...)
	c.asks(listeners)
	c.takes(listeners, "web")
	c.asks(routes, "web")
	c.takes(routes, "web")
}
