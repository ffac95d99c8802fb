package redis

import (
	"net"
	"reflect"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/dcr-gateway/dcr-gateway/internal/trace"
	"github.com/dcr-gateway/dcr-gateway/test/otlpserver"
	"github.com/dcr-gateway/dcr-gateway/test/redisserver"
)

func TestTraced(t *testing.T) {
	t.Parallel()
	server := redisserver.StartTCP(t, t.TempDir())
	client := open(t, server.URL+"/3")
	tracer, sent := otlpserver.Start(t, nil).Tracer(t)
	must(t, client.Set(t.Context(), "key", "value", 0).Err()) // of no request

	ctx, span := tracer.Serve(t.Context(), otlpserver.Recorded(), "serve")
	must(t, client.Get(ctx, "key").Err())
	if err := client.Get(ctx, "absent").Err(); err != goredis.Nil {
		t.Fatal(err)
	}
	must(t, goredis.NewScript("return 1").Run(ctx, client, nil).Err()) // at first Redis does not have it
	if err := client.Incr(ctx, "key").Err(); err == nil {
		t.Fatal("a word was counted")
	}
	pipe := client.Pipeline()
	pipe.Get(ctx, "key")
	pipe.Exists(ctx, "key")
	_, err := pipe.Exec(ctx)
	must(t, err)
	server.Stop()
	if client.Get(ctx, "key").Err() == nil {
		t.Fatal("redis has stopped and answers")
	}
	span.End()

	host, port, _ := net.SplitHostPort(strings.TrimPrefix(server.URL, "redis://"))
	all := sent()
	wants := []map[string]string{
		{"db.operation.name": "GET"},
		{"db.operation.name": "GET"},
		{"db.operation.name": "EVALSHA", "db.response.status_code": "NOSCRIPT"},
		{"db.operation.name": "EVAL"},
		{"db.operation.name": "INCR", "db.response.status_code": "ERR", "error.type": "ERR"},
		{"db.operation.name": "PIPELINE", "db.operation.batch.size": "2"},
		{"db.operation.name": "GET", "error.type": "connection"},
	}
	if len(all) != 1+len(wants) {
		t.Fatalf("got %d spans: %+v", len(all), all)
	}
	for i, want := range wants {
		got := all[1+i]
		for name, value := range map[string]string{"db.system.name": "redis", "db.namespace": "3", "server.address": host, "server.port": port} {
			want[name] = value
		}
		if got.Name != want["db.operation.name"] || got.Kind != "CLIENT" || got.Parent != all[0].ID || got.Failed != (want["error.type"] != "") ||
			!reflect.DeepEqual(got.Attributes, want) {
			t.Errorf("got %+v, want %v", got, want)
		}
	}
}

func TestWhere(t *testing.T) {
	for url, want := range map[string][]trace.Attribute{
		"redis://:secret@host/1":                       {trace.Text("db.namespace", "1"), trace.Text("server.address", "host"), trace.Number("server.port", 6379)},
		"unix://:secret@/run/redis.sock?db=2":          {trace.Text("db.namespace", "2"), trace.Text("server.address", "/run/redis.sock"), trace.Text("network.transport", "unix")},
		"redis+cluster://:secret@one,two":              {trace.Text("db.namespace", "0")},
		"redis+sentinel://:secret@one,two?master=name": {trace.Text("db.namespace", "0")},
	} {
		o, _, err := parse(url)
		must(t, err)
		want = append([]trace.Attribute{trace.Text("db.system.name", "redis")}, want...)
		if got := newTraced(o).attributes; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", url, got, want)
		}
	}
}
