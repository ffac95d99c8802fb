package redis

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"github.com/dcr-gateway/dcr-gateway/internal/trace"
)

// traced makes a span of each command and pipeline that a traced request sends. It names the command and where it goes, but
// neither keys nor values.
type traced struct{ attributes []trace.Attribute }

// newTraced is for the client of these options. A cluster and a primary behind Sentinel have no address of their own.
func newTraced(o *goredis.UniversalOptions) *traced {
	t := &traced{[]trace.Attribute{trace.Text("db.system.name", "redis"), trace.Text("db.namespace", strconv.Itoa(o.DB))}}
	if o.IsClusterMode || o.MasterName != "" {
		return t
	}
	host, port, err := net.SplitHostPort(o.Addrs[0])
	if err != nil { // a socket
		t.attributes = append(t.attributes, trace.Text("server.address", o.Addrs[0]), trace.Text("network.transport", "unix"))
		return t
	}
	number, _ := strconv.Atoi(port) // it was a number in the URL
	t.attributes = append(t.attributes, trace.Text("server.address", host), trace.Number("server.port", number))
	return t
}

// DialHook implements goredis.Hook.
func (t *traced) DialHook(next goredis.DialHook) goredis.DialHook { return next }

// ProcessHook implements goredis.Hook.
func (t *traced) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, command goredis.Cmder) error {
		name := command.Name() // in lower case
		ctx, span := trace.Child(ctx, trace.Client, name)
		err := next(ctx, command)
		t.finish(span, name, 0, err)
		return err
	}
}

// ProcessPipelineHook implements goredis.Hook.
func (t *traced) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, commands []goredis.Cmder) error {
		ctx, span := trace.Child(ctx, trace.Client, "PIPELINE")
		err := next(ctx, commands)
		t.finish(span, "PIPELINE", len(commands), err)
		return err
	}
}

// finish ends the span of a command, or of a batch of commands.
func (t *traced) finish(span *trace.Span, name string, batch int, err error) {
	if span == nil {
		return
	}
	span.Name(strings.ToUpper(name))
	span.Set(t.attributes...)
	span.Set(trace.Text("db.operation.name", strings.ToUpper(name)))
	if batch > 0 {
		span.Set(trace.Number("db.operation.batch.size", batch))
	}
	if reply, isReply := errors.AsType[goredis.Error](err); isReply && !errors.Is(err, goredis.Nil) {
		code, _, _ := strings.Cut(reply.Error(), " ")
		span.Set(trace.Text("db.response.status_code", code))
		if code != "NOSCRIPT" { // asked by its digest, Redis does not have a script yet: it is sent
			span.Fail(code)
		}
	} else if err != nil && !isReply {
		span.Fail("connection")
	}
	span.End()
}
