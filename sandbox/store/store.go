// Package store is a Redis-compatible server for machines without a redis-server. It is volatile: what it holds is gone
// when it ends, so it is for a sandbox and nothing else.
package store

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/alicebob/miniredis/v2"

	"github.com/dcr-gateway/dcr-gateway/sandbox/part"
)

// Run is the store's own process: `dcr-gateway sandbox-store`. It serves until the context ends.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("sandbox-store", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:16379", "address to serve on")
	if err := part.Parse(flags, args, stderr); err != nil {
		return err
	}
	server := miniredis.NewMiniRedis()
	server.ClockTTL(true) // keys expire by the clock, as in Redis
	if err := server.StartAddr(*listen); err != nil {
		return err
	}
	defer server.Close()
	_, _ = fmt.Fprintf(stdout, "store: serving redis://%s, volatile\n", *listen)
	<-ctx.Done()
	return nil
}
