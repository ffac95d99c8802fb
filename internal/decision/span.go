package decision

import (
	"cmp"
	"context"

	"github.com/dcr-gateway/dcr-gateway/internal/trace"
)

// Describe adds to the context's span what the log line says, but for the cause, which is only for the log, and the
// certificate.
func (l *Line) Describe(ctx context.Context) {
	span := trace.Of(ctx)
	if span == nil {
		return
	}
	for _, attribute := range []struct{ name, value string }{
		{"dcr.decision", l.ID}, {"dcr.interaction", l.Interaction}, {"dcr.outcome", l.Outcome}, {"dcr.rule", l.Rule},
		{"dcr.route", l.Route}, {"dcr.version", l.Version}, {"dcr.client", l.Client}, {"dcr.software", l.Software}, {"dcr.org", l.Org},
	} {
		if attribute.value != "" {
			span.Set(trace.Text(attribute.name, attribute.value))
		}
	}
	span.Set(trace.Number("dcr.status", l.Status))
	span.Answered(l.Method, l.Route, l.Status)
	if l.Outcome == Failed {
		span.Fail(cmp.Or(l.Rule, Failed))
	}
}
