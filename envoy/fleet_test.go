package envoy_test

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	limitv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/common/ratelimit/v3"
	ratelimitv3 "github.com/envoyproxy/go-control-plane/envoy/service/ratelimit/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

const fleetRoutes = twoListeners + `
upstreams:
  registry: {address: "unix:DIR/registry.sock"}
  bank: {address: "unix:DIR/registry.sock"}
plans:
  default: {per_client: 1000/s}
rate_limit_service: {address: "unix:DIR/limits.sock", domain: banks, timeout: 200ms}
routes:
  - {name: a, path: /a, methods: [GET], checks: [certificate, bearer], upstream: bank}
  - {name: keeps, path: /keeps, methods: [GET], checks: [certificate, bearer], upstream: bank}
`

// A counter is a rate limit service that gives each client some requests.
type counter struct {
	ratelimitv3.UnimplementedRateLimitServiceServer
	server *grpc.Server

	mu    sync.Mutex
	left  map[string]int // -1: the service fails; -2: it is slow
	asked []*ratelimitv3.RateLimitRequest
}

func startCounter(t *testing.T, path string, left map[string]int) *counter {
	t.Helper()
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{server: grpc.NewServer(), left: left}
	ratelimitv3.RegisterRateLimitServiceServer(c.server, c)
	go c.server.Serve(listener)
	t.Cleanup(c.server.Stop)
	return c
}

// ShouldRateLimit implements ratelimitv3.RateLimitServiceServer.
func (c *counter) ShouldRateLimit(ctx context.Context, request *ratelimitv3.RateLimitRequest) (*ratelimitv3.RateLimitResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, request)
	client := valueOf(request, "client")
	switch c.left[client] {
	case -1:
		return nil, status.Error(codes.Internal, "out of order")
	case -2:
		<-ctx.Done()
		return nil, ctx.Err()
	case 0:
		return &ratelimitv3.RateLimitResponse{
			OverallCode: ratelimitv3.RateLimitResponse_OVER_LIMIT,
			Statuses: []*ratelimitv3.RateLimitResponse_DescriptorStatus{{
				Code: ratelimitv3.RateLimitResponse_OVER_LIMIT, DurationUntilReset: untilReset(client),
			}},
		}, nil
	}
	c.left[client]--
	return &ratelimitv3.RateLimitResponse{OverallCode: ratelimitv3.RateLimitResponse_OK}, nil
}

// untilReset: the service need not say when to come back.
func untilReset(client string) *durationpb.Duration {
	if client == "silent" {
		return nil
	}
	return durationpb.New(30 * time.Second)
}

func valueOf(request *ratelimitv3.RateLimitRequest, key string) string {
	for _, descriptor := range request.GetDescriptors() {
		for _, entry := range descriptor.GetEntries() {
			if entry.GetKey() == key {
				return entry.GetValue()
			}
		}
	}
	return ""
}

// TestFleet counts with a service of the operator's.
func TestFleet(t *testing.T) {
	t.Parallel()
	e := startEdge(t, fleetRoutes)
	c := startCounter(t, filepath.Join(e.dir, "limits.sock"), map[string]int{"one": 2, "two": 1, "broken": -1, "stuck": -2})
	e.gate.answers(allowClient)
	client := e.client(t, 2)
	for range 2 {
		e.get(t, client, "/a", "one").seen(t)
	}
	if have := c.asked[1]; have.GetDomain() != "banks" || len(have.GetDescriptors()) != 1 || !isPlanAndClient(have.GetDescriptors()[0], "default", "one") {
		t.Errorf("the service was asked %v", have)
	}
	e.get(t, client, "/a", "one").isLimited(t, 30)
	e.get(t, client, "/a", "silent").isLimited(t, 1)
	e.get(t, client, "/a", "two").seen(t)
	before := len(c.asked)
	e.get(t, client, "/a", "").seen(t) // whom nobody knows the service cannot count
	if len(c.asked) != before {
		t.Error("the service was asked about a client that is not known")
	}
	calls, start := e.registry.calls.Load(), time.Now()
	e.get(t, client, "/a", "broken").isOwnReply(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	e.get(t, client, "/a", "stuck").isOwnReply(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	if took := time.Since(start); took < 190*time.Millisecond {
		t.Errorf("a slow service took %v", took)
	}
	c.server.Stop()
	e.get(t, client, "/a", "two").isOwnReply(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	if have := e.registry.calls.Load(); have != calls {
		t.Errorf("%d requests reached the upstream", have-calls)
	}
}

func isPlanAndClient(d *limitv3.RateLimitDescriptor, plan, client string) bool {
	entries := d.GetEntries()
	return len(entries) == 2 && entries[0].GetKey() == "plan" && entries[0].GetValue() == plan &&
		entries[1].GetKey() == "client" && entries[1].GetValue() == client
}
