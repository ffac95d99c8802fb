package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

// Keys is the command that manages the signing keys of access tokens.
func Keys() cli.Command {
	return cli.Command{
		Name: "keys", Summary: "Manage the keys that sign access tokens",
		Commands: []cli.Command{{
			Name: "list", Summary: "List the keys that sign access tokens",
			Example: "dcr-gateway keys list --redis redis://127.0.0.1:6379/0",
			Setup:   listKeys,
		}, {
			Name: "rotate", Summary: "Add a key that will sign access tokens",
			Details: `It signs as soon as every gate must have seen it, in a minute. The old key goes on verifying until the last of its tokens
has expired.`,
			Example: "dcr-gateway keys rotate --redis redis://127.0.0.1:6379/0",
			Setup: keysCommand(func(ctx context.Context, s *store.Store, call cli.Call) error {
				kid, err := token.RotateNow(ctx, s)
				if err == nil {
					_, err = fmt.Fprintf(call.Stdout, "key %s is published; it will sign in a minute\n", kid)
				}
				return err
			}),
		}, {
			Name: "drop", Operands: "KID", Summary: "Remove a key that was stolen, and end the tokens that it signed",
			Details: `If no other key can take over, a new one is added first. Every token that the key signed is refused from then on, also by
gates that have verified it before. Use keys rotate if the key was not stolen: it ends no token.`,
			Example: "dcr-gateway keys drop --redis redis://127.0.0.1:6379/0 GPSr_kMzYPR",
			Setup: keysCommand(func(ctx context.Context, s *store.Store, call cli.Call) error {
				next, err := token.Drop(ctx, s, call.Operands[0])
				if err == nil {
					_, err = fmt.Fprintf(call.Stdout, dropped, call.Operands[0], token.RefreshEvery, next)
				}
				return err
			}),
		}},
	}
}

func listKeys(flags *flag.FlagSet) cli.Run {
	var form cli.Form
	form.Add(flags)
	return keysCommand(func(ctx context.Context, s *store.Store, call cli.Call) error {
		keys, err := token.Kept(ctx, s)
		if err != nil {
			return err
		}
		return form.Print(call.Stdout, keys, func() string {
			var text strings.Builder
			for _, k := range keys {
				fmt.Fprintf(&text, "%s  created %s  %s\n", k.ID, k.Created.UTC().Format(time.RFC3339), k.State)
			}
			return text.String()
		})
	})(flags)
}

const dropped = `key %s is removed
every access token that it signed ends: gates and registries refuse them within %s, and clients must get new ones
until then a registry may still sign with it; those tokens end too
key %s signs now
`

// keysCommand sets up a command about the keys in Redis.
func keysCommand(do func(ctx context.Context, s *store.Store, call cli.Call) error) func(*flag.FlagSet) cli.Run {
	return func(flags *flag.FlagSet) cli.Run {
		var options stored
		options.define(flags)
		return func(ctx context.Context, call cli.Call) error {
			return options.do(ctx, call.Stderr, nil, func(setup *setup) error {
				err := do(ctx, setup.store, call)
				switch {
				case errors.Is(err, token.ErrNotKept):
					err = cli.Exit{Code: 2, Text: "Redis holds no keys for access tokens. Either no registry has been started yet, or the keys are " +
						"files that routes.yaml names (tokens.keys): put a new one second, wait until every gate and registry has read it, then " +
						"move it to the front; to end all tokens of a key, take its file out of the list"}
				case errors.Is(err, token.ErrNoKey):
					err = cli.Exit{Code: 2, Text: "there is no such key: keys list has those that there are"}
				}
				return err
			})
		}
	}
}
