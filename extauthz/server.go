package extauthz

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

const (
	// drainTime lets Envoy see NOT_SERVING, at one health check a second.
	drainTime = 1500 * time.Millisecond
	// stopTime bounds a graceful stop: the longest budget of a decision, and a little more.
	stopTime = 4 * time.Second
)

// Serve answers Envoy on the listener until ctx ends, then lets running decisions finish.
func Serve(ctx context.Context, listener net.Listener, gate *Gate, log *slog.Logger) error {
	server := grpc.NewServer(
		grpc.UnaryInterceptor(recovering(log, gate.metrics)),
		grpc.MaxConcurrentStreams(10_000),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
	)
	authv3.RegisterAuthorizationServer(server, gate)
	healthy := health.NewServer()
	healthv1.RegisterHealthServer(server, healthy)

	serve := func() error { return fmt.Errorf("gate: %w", server.Serve(listener)) }
	return socket.Until(ctx, serve, func() error {
		healthy.Shutdown()
		time.Sleep(drainTime)
		stopped := make(chan struct{})
		go func() { server.GracefulStop(); close(stopped) }()
		select {
		case <-stopped:
		case <-time.After(stopTime):
			server.Stop()
		}
		return nil
	})
}

// recovering turns a panic into an error, which Envoy answers with 503: one bad request must not end the gate. It logs the
// stack but not the panic's value, which may quote the request.
func recovering(log *slog.Logger, metrics *metrics) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (response any, err error) {
		begun := time.Now()
		defer func() {
			if cause := recover(); cause != nil {
				metrics.panicked(time.Since(begun))
				log.ErrorContext(ctx, "panic in a decision", "type", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
				response, err = nil, status.Error(codes.Internal, "the decision failed")
			}
		}()
		return next(ctx, request)
	}
}
