package extauthz

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	grpcmetadata "google.golang.org/grpc/metadata"

	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/trace"
	"github.com/dcr-gateway/dcr-gateway/test/otlpserver"
)

// tracedGate is the world's gate with a tracer. The function returns the spans, once.
func (w *world) tracedGate(t *testing.T) (*Gate, func() []otlpserver.Span) {
	t.Helper()
	config := w.gate.config
	var sent func() []otlpserver.Span
	config.Tracer, sent = otlpserver.Start(t, nil).Tracer(t)
	config.Log = trace.Logged(slog.New(slog.NewJSONHandler(w.log, nil)))
	config.LogOneIn = 1000 // a span is not left out
	gate, err := New(config)
	w.must(err)
	gate.Use(w.policy())
	return gate, sent
}

// tree prints spans as a tree: each with the scheme of its URL, its outcome, rule and failure.
func tree(spans []otlpserver.Span, parent string, indent string) (lines []string) {
	for _, span := range spans {
		if span.Parent != parent {
			continue
		}
		line := indent + span.Name
		if scheme, _, ok := strings.Cut(span.Attributes["url.full"], ":"); ok {
			line += " " + scheme
		}
		for _, name := range []string{"dcr.outcome", "dcr.rule", "error.type"} {
			if value := span.Attributes[name]; value != "" {
				line += " " + value
			}
		}
		lines = append(lines, line)
		lines = append(lines, tree(spans, span.ID, indent+"  ")...)
	}
	return lines
}

func TestTraced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	compact, _ := w.token("accounts")
	foreign, _ := w.token()
	registration := w.registering()
	for _, row := range []struct {
		name string
		ask  ask
		dead bool // Redis is
		want []string
	}{
		{"a first registration", registration, false, []string{
			"DECISION allowed", "  check certificate passed", "  check statement passed", "    GET https", "    GET https", "    GET https", "    GET https",
		}},
		{"a call", w.reading(compact), false, []string{
			"DECISION allowed", "  check certificate passed", "  check bearer passed", "    PIPELINE", "    HMGET", "    GET https", "  check scope passed",
		}},
		{"a refusal", w.reading(foreign), false, []string{
			"DECISION refused scope.missing", "  check certificate passed", "  check bearer passed", "    PIPELINE", "    HMGET", "    GET https", "  check scope refused scope.missing",
		}},
		{"no route", w.ask("", "GET", "/nothing"), false, []string{"DECISION refused route.path"}},
		{"a failure", w.reading(compact), true, []string{
			"DECISION failed store.unavailable store.unavailable", "  check certificate passed", "  check bearer failed store.unavailable store.unavailable",
			"    PIPELINE connection",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			gate, sent := w.tracedGate(t)
			if row.dead {
				w.redis.Stop()
			}
			w.log.Take()
			header := otlpserver.Recorded()
			ctx := grpcmetadata.AppendToOutgoingContext(t.Context(), "traceparent", header.Get("Traceparent"))
			response, err := w.serve(gate).Check(ctx, row.ask.request())
			w.must(err)
			readResponse(t, response)
			spans := sent()
			want := strings.Replace(strings.Join(row.want, "\n"), "DECISION", checkMethod, 1)
			if got := strings.Join(tree(spans, otlpserver.ParentSpan, ""), "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			decision := spans[0].Attributes
			if decision["dcr.decision"] != decisionID || decision["dcr.interaction"] != interactionID || decision["rpc.method"] != checkMethod {
				t.Errorf("the decision's span has %v", decision)
			}
			for _, span := range spans {
				for name, value := range span.Attributes {
					for _, secret := range secrets(compact, foreign, string(registration.body), row.ask.peer) {
						if strings.Contains(value, secret) {
							t.Errorf("%s holds %.20s...", name, secret)
						}
					}
					if strings.Contains(value, "?") {
						t.Errorf("%s holds a query: %s", name, value)
					}
				}
			}
			for line := range strings.Lines(w.log.Take()) {
				if !strings.Contains(line, `"trace_id":"`+otlpserver.ParentTrace+`","span_id":"`+spans[0].ID+`"`) {
					t.Errorf("the log has no trace: %s", line)
				}
			}
		})
	}
}

// TestUntraced: a question without a trace begins none, and costs what it cost before there were traces.
func TestUntraced(t *testing.T) {
	w := newWorld(t)
	gate, sent := w.tracedGate(t)
	response, err := w.serve(gate).Check(t.Context(), w.ask("", "GET", "/nothing").request())
	w.must(err)
	readResponse(t, response)
	if spans := sent(); len(spans) != 0 {
		t.Errorf("traced: %+v", spans)
	}
	step := &filter.Step{Name: "certificate", Filter: nothing{}}
	ctx, r := t.Context(), new(filter.Request)
	if n := testing.AllocsPerRun(1000, func() {
		ctx, span := w.gate.trace(ctx)
		if err := runCheck(ctx, step, r); err != nil {
			t.Error(err)
		}
		end(ctx, span, nil)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// nothing is a check that passes everything.
type nothing struct{}

// Check implements filter.Filter.
func (nothing) Check(context.Context, *filter.Request) error { return nil }
