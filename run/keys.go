package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

// Keys adds a key for access tokens to those in Redis. It signs as soon as every gate must have seen it; the old one goes on
// verifying until the last of its tokens has expired.
func Keys(ctx context.Context, arguments []string, stdout, _ io.Writer) error {
	if len(arguments) == 0 || arguments[0] != "rotate" {
		return cli.Exit{Code: 2, Text: "usage: dcr-gateway keys rotate --redis URL"}
	}
	var options stored
	flags := flag.NewFlagSet("keys rotate", flag.ContinueOnError)
	options.define(flags)
	if err := parse(flags, arguments[1:]); err != nil {
		return err
	}
	setup, err := options.open(ctx)
	if err != nil {
		return err
	}
	kid, err := token.RotateNow(ctx, setup.store, time.Now())
	if errors.Is(err, token.ErrNotKept) {
		err = cli.Exit{Code: 2, Text: "Redis holds no keys for access tokens. Either no registry has been started yet, or the keys are " +
			"files that routes.yaml names (tokens.keys): put a new one second, wait until every gate and registry has read it, then move it to the front"}
	}
	if err == nil {
		_, err = fmt.Fprintf(stdout, "key %s is published; it will sign in a minute\n", kid)
	}
	return errors.Join(err, setup.close())
}
