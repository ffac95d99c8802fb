package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

// Keys is the command that manages the signing keys of access tokens.
func Keys() cli.Command {
	return cli.Command{
		Name: "keys", Summary: "Rotate the keys that sign access tokens",
		Commands: []cli.Command{{
			Name: "rotate", Summary: "Add a key that will sign access tokens",
			Details: `It signs as soon as every gate must have seen it, in a minute. The old key goes on verifying until the last of its tokens
has expired.`,
			Example: "dcr-gateway keys rotate --redis redis://127.0.0.1:6379/0",
			Setup: func(flags *flag.FlagSet) cli.Run {
				var options stored
				options.define(flags)
				return func(ctx context.Context, call cli.Call) error {
					return options.do(ctx, call.Stderr, func(setup *setup) error { return rotate(ctx, setup.store, call.Stdout) })
				}
			},
		}},
	}
}

func rotate(ctx context.Context, kept *store.Store, stdout io.Writer) error {
	kid, err := token.RotateNow(ctx, kept, time.Now())
	if errors.Is(err, token.ErrNotKept) {
		err = cli.Exit{Code: 2, Text: "Redis holds no keys for access tokens. Either no registry has been started yet, or the keys are " +
			"files that routes.yaml names (tokens.keys): put a new one second, wait until every gate and registry has read it, then move it to the front"}
	}
	if err == nil {
		_, err = fmt.Fprintf(stdout, "key %s is published; it will sign in a minute\n", kid)
	}
	return err
}
