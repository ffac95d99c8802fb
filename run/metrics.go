package run

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/dcr-gateway/dcr-gateway/internal/decision"
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
	unused, err := unusedSetup(ctx, "gate")
	if err != nil {
		return nil, err
	}
	g := &gate{setup: unused}
	err = g.build(ctx)
	return g.metrics.Definitions(), errors.Join(err, unused.close())
}

func registryMetrics(ctx context.Context) ([]metric.Definition, error) {
	unused, err := unusedSetup(ctx, "registry")
	if err != nil {
		return nil, err
	}
	r := &registryProcess{setup: unused}
	r.build(ctx, "")
	return r.metrics.Definitions(), unused.close()
}

// measureLog declares the metrics of the log.
func measureLog(set *metric.Set, file *decision.File) {
	metric.Read(set, file.Lost, metric.Value("dcr_log_lost_lines_total", "Lines of the log that could not be written: the disk is full, or the file cannot be used.",
		func(lost uint64) float64 { return float64(lost) }))
}

// unusedSetup is the setup of a part that never serves. Nothing connects to its Redis.
func unusedSetup(ctx context.Context, part string) (*setup, error) {
	metrics := metric.New(part, "")
	dialed, err := dial("redis://localhost", metrics)
	if err != nil {
		return nil, err
	}
	measureLog(metrics, &decision.File{})
	unused := &setup{store: dialed, metrics: metrics, log: slog.New(slog.DiscardHandler), closers: []io.Closer{dialed}}
	return unused, unused.openTraces(ctx, &stored{name: part})
}
