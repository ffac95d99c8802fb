package xds

import (
	"context"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	clusterservicev3 "github.com/envoyproxy/go-control-plane/envoy/service/cluster/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestStrangersAreRefused(t *testing.T) {
	w := newWorld(t)
	w.publish(small("v1", "one"))
	for _, c := range []struct {
		name, want string
		code       codes.Code
		request    *discoveryv3.DeltaDiscoveryRequest
	}{
		{"no node", "no node", codes.InvalidArgument, &discoveryv3.DeltaDiscoveryRequest{TypeUrl: kindURLs[clusters]}},
		{"no id", "no node", codes.InvalidArgument,
			&discoveryv3.DeltaDiscoveryRequest{TypeUrl: kindURLs[clusters], Node: &corev3.Node{Cluster: "c"}}},
		{"unprintable id", "no node", codes.InvalidArgument,
			&discoveryv3.DeltaDiscoveryRequest{TypeUrl: kindURLs[clusters], Node: &corev3.Node{Id: "\x00 \n"}}},
		{"other type", "not served", codes.InvalidArgument,
			&discoveryv3.DeltaDiscoveryRequest{TypeUrl: "type.googleapis.com/x", Node: &corev3.Node{Id: "e"}}},
		{"no type", "not served", codes.InvalidArgument, &discoveryv3.DeltaDiscoveryRequest{Node: &corev3.Node{Id: "e"}}},
	} {
		e := w.connect("")
		if err := e.stream.Send(c.request); err != nil {
			t.Fatal(err)
		}
		if err := <-e.ended; status.Code(err) != c.code || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: have %v", c.name, err)
		}
	}
	if have := w.server.Envoys(); len(have) != 0 {
		t.Errorf("have %+v", have)
	}
}

func TestOnlyDelta(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	whole, err := discoveryv3.NewAggregatedDiscoveryServiceClient(w.dial()).StreamAggregatedResources(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := whole.Recv(); status.Code(err) != codes.Unimplemented || !strings.Contains(err.Error(), "DELTA_GRPC") {
		t.Errorf("have %v", err)
	}
	if _, err := clusterservicev3.NewClusterDiscoveryServiceClient(w.dial()).FetchClusters(ctx, &discoveryv3.DiscoveryRequest{}); status.Code(err) != codes.Unimplemented || !strings.Contains(err.Error(), "DELTA_GRPC") {
		t.Errorf("have %v", err)
	}
}

func TestEndWithOpenStreams(t *testing.T) {
	w := newWorld(t)
	w.publish(small("v1", "one"))
	idle, busy, silent := w.connect("idle"), w.connect("busy"), w.connect("silent")
	idle.begins(nil)
	w.accepted("v1")
	busy.asks(clusters)
	busy.gets(clusters)
	w.stop() // fails if it hangs
	for _, c := range []*client{idle, busy, silent} {
		if err := <-c.ended; err == nil {
			t.Errorf("%s: the stream has not ended", c.id)
		}
	}
	w.publish(small("v2", "two")) // to nobody
	if have := w.server.Envoys(); len(have) != 0 {
		t.Errorf("have %+v", have)
	}
}
