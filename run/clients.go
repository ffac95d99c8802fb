package run

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// Clients is the command that shows operators the registered clients, and deletes those that a restored backup brought back.
func Clients() cli.Command {
	return cli.Command{
		Name: "clients", Summary: "List and delete registered clients",
		Commands: []cli.Command{{
			Name: "list", Summary: "List the registered clients",
			Example: "dcr-gateway clients list --redis redis://127.0.0.1:6379/0 --output json",
			Setup:   listClients,
		}, {
			Name: "delete", Operands: "ID...", Summary: "Delete clients, as if each had asked for it",
			Details: `All tokens of a deleted client end. Its software product may register again. An id that is not there is reported and is no
error, so that the command can be run again.`,
			Example: "dcr-gateway clients delete --redis redis://127.0.0.1:6379/0 0dRRvCbsXxc_igvYgOzw1i3g",
			Setup:   deleteClients,
		}},
	}
}

// listed is a client as operators see it.
type listed struct {
	ID           string    `json:"client_id"`
	State        string    `json:"state"`
	Directory    string    `json:"directory"`
	Software     string    `json:"software"`
	Organisation string    `json:"organisation"`
	Profile      string    `json:"profile"`
	Registered   time.Time `json:"registered"`
	Updated      time.Time `json:"updated"`
}

func listClients(flags *flag.FlagSet) cli.Run {
	var form cli.Form
	form.Add(flags)
	var options stored
	options.define(flags)
	return func(ctx context.Context, call cli.Call) error {
		return options.do(ctx, call.Stderr, nil, func(setup *setup) error {
			clients := []listed{}
			if err := setup.store.EachClient(ctx, func(c *dcrpb.Client) {
				clients = append(clients, listed{
					ID: c.Id, State: strings.ToLower(c.State.String()), Directory: c.Software.GetDirectory(), Software: c.Software.GetId(),
					Organisation: c.Software.GetOrgId(), Profile: c.Profile, Registered: time.Unix(c.IssuedAt, 0).UTC(), Updated: time.Unix(c.UpdatedAt, 0).UTC(),
				})
			}); err != nil {
				return err
			}
			slices.SortFunc(clients, func(a, b listed) int { return cmp.Or(a.Registered.Compare(b.Registered), cmp.Compare(a.ID, b.ID)) })
			return form.Print(call.Stdout, clients, func() string {
				var text strings.Builder
				for _, c := range clients {
					fmt.Fprintf(&text, "%s  %s  %s/%s  registered %s\n", c.ID, c.State, c.Directory, c.Software, c.Registered.Format(time.RFC3339))
				}
				return text.String()
			})
		})
	}
}

func deleteClients(flags *flag.FlagSet) cli.Run {
	var options stored
	options.define(flags)
	return func(ctx context.Context, call cli.Call) error {
		return options.do(ctx, call.Stderr, nil, func(setup *setup) error {
			for _, id := range call.Operands {
				said := "is deleted"
				switch err := setup.store.Delete(ctx, id); {
				case errors.Is(err, store.ErrNotFound):
					said = "is not there"
				case err != nil:
					return err
				default:
					setup.log.InfoContext(ctx, "an operator has deleted a client", "client", id)
				}
				if _, err := fmt.Fprintf(call.Stdout, "client %s %s\n", id, said); err != nil {
					return err
				}
			}
			return nil
		})
	}
}
