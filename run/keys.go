package run

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

// Keys adds a key for access tokens. It signs as soon as every gate must have seen it; the old one goes on verifying
// until the last of its tokens has expired.
func Keys(ctx context.Context, arguments []string, stdout, _ io.Writer) error {
	if len(arguments) == 0 || arguments[0] != "rotate" {
		return cli.Exit{Code: 2, Text: "usage: dcr-gateway keys rotate --redis URL"}
	}
	flags := flag.NewFlagSet("keys rotate", flag.ContinueOnError)
	part := newPart(flags, "")
	if err := parse(flags, arguments[1:]); err != nil {
		return err
	}
	config, err := config.Read(part.routes)
	if err != nil {
		return err
	}
	if len(config.File.Tokens.Keys) > 0 {
		return cli.Exit{Code: 2, Text: "the keys are files, named in " + part.routes + ": put a new one second, wait until every gate has read it, then move it to the front"}
	}
	setup, err := part.open(ctx)
	if err != nil {
		return err
	}
	defer setup.close()
	kid, err := token.RotateNow(ctx, setup.store, time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "key %s is published; it will sign in a minute\n", kid)
	return err
}
