package run

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/dcr-gateway/dcr-gateway/internal/metric"
)

// Metrics returns the metrics of a gate and of a registry, for the page docs/metrics.md. It builds both and starts neither.
func Metrics(ctx context.Context) (gate, registry []metric.Definition, err error) {
	if gate, err = gateMetrics(ctx); err == nil {
		registry, err = registryMetrics(ctx)
	}
	return gate, registry, err
}

func gateMetrics(ctx context.Context) ([]metric.Definition, error) {
	unused, err := unusedSetup("gate")
	if err != nil {
		return nil, err
	}
	g := &gate{setup: unused}
	err = g.build(ctx)
	return g.metrics.Definitions(), errors.Join(err, unused.close())
}

func registryMetrics(ctx context.Context) ([]metric.Definition, error) {
	unused, err := unusedSetup("registry")
	if err != nil {
		return nil, err
	}
	r := &registryProcess{setup: unused}
	r.build(ctx, "")
	return r.metrics.Definitions(), unused.close()
}

// unusedSetup is the setup of a part that never serves. Nothing connects to its Redis.
func unusedSetup(part string) (*setup, error) {
	metrics := metric.New(part, "")
	dialed, err := dial("redis://localhost", metrics)
	if err != nil {
		return nil, err
	}
	return &setup{store: dialed, metrics: metrics, log: slog.New(slog.DiscardHandler), closers: []io.Closer{dialed}}, nil
}
