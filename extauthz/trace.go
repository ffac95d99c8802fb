package extauthz

import (
	"context"
	"net/http"

	grpcmetadata "google.golang.org/grpc/metadata"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/decision"
	"github.com/dcr-gateway/dcr-gateway/internal/trace"
)

const checkMethod = "envoy.service.auth.v3.Authorization/Check"

// trace begins the span of a decision. Its parent is Envoy's span of the question, which only the metadata of the call
// name: the headers of the CheckRequest are the client's.
func (g *Gate) trace(ctx context.Context) (context.Context, *trace.Span) {
	if g.config.Tracer == nil {
		return ctx, nil
	}
	parent := http.Header{}
	for _, name := range []string{"Traceparent", "Tracestate"} {
		parent[name] = grpcmetadata.ValueFromIncomingContext(ctx, name)
	}
	ctx, span := g.config.Tracer.Serve(ctx, parent, checkMethod)
	if span != nil {
		span.Set(trace.Text("rpc.system.name", "grpc"), trace.Text("rpc.method", checkMethod))
	}
	return ctx, span
}

// end ends the span of a decision.
func end(ctx context.Context, span *trace.Span, line *decision.Line) {
	if span != nil {
		line.Describe(ctx)
		span.End()
	}
}

// runCheck runs one check of a route, in a span of its own.
func runCheck(ctx context.Context, step *filter.Step, r *filter.Request) error {
	ctx, span := trace.Child(ctx, trace.Internal, "check", step.Name)
	err := step.Filter.Check(ctx, r)
	if span != nil {
		describe(span, step.Name, err)
		span.End()
	}
	return err
}

func describe(span *trace.Span, name string, err error) {
	span.Set(trace.Text("dcr.check", name))
	if err == nil {
		span.Set(trace.Text("dcr.outcome", "passed"))
		return
	}
	refusal := dcr.AsRefusal(err)
	span.Set(trace.Text("dcr.rule", refusal.Rule))
	if refusal.Status >= http.StatusInternalServerError {
		span.Set(trace.Text("dcr.outcome", "failed"))
		span.Fail(refusal.Rule)
		return
	}
	span.Set(trace.Text("dcr.outcome", "refused"))
}
