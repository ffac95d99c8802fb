package admin

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/control"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

// histories are the versions that gates keep.
type histories struct {
	Gates []answered[[]control.Entry] `json:"gates"`
	now   time.Time
}

// history lists the versions that gates keep.
func history(ctx context.Context, c *call) error {
	all, well := askAll[[]control.Entry](ctx, c, http.MethodGet, "/history")
	if err := c.print(&histories{Gates: all, now: time.Now()}); err != nil || well {
		return err
	}
	return refused
}

func (h *histories) text() string {
	return gateByGate(h.Gates, func(text *strings.Builder, entries *[]control.Entry) {
		table := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "  N\tversion\tsaved\tage\tnote")
		for _, entry := range *entries {
			note := entry.Note
			if entry.Live {
				note += " (active)"
			}
			fmt.Fprintf(table, "  %d\t%s\t%s\t%s\t%s\n", entry.N, config.Short(entry.Version), entry.Time.UTC().Format(time.RFC3339), age(h.now, entry.Time), strings.TrimSpace(note))
		}
		_ = table.Flush() // into memory
	})
}

// rollback rolls gates back to an earlier version and prints their status afterwards.
func rollback(ctx context.Context, c *call) error {
	n, err := strconv.Atoi(c.Operands[0])
	if err != nil || n < 1 {
		return cli.Exit{Code: 2, Text: "N must be the number of an entry, as `dcr-gateway routes history` lists them"}
	}
	all, well := askAll[partStatus](ctx, c, http.MethodPost, "/rollback?n="+strconv.Itoa(n))
	if err := c.print(&statuses{Gates: all, now: time.Now()}); err != nil || well {
		return err
	}
	return refused
}
