package admin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/internal/redis"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// clients counts the clients in Redis, and those that the file would orphan: their requests would be answered with 503
// until the file again has the profile and directory that they are registered under.
type clients struct {
	Number  int            `json:"number"`
	Missing map[string]int `json:"missing"` // how many are registered under each profile or directory that the file lacks
}

func countClients(ctx context.Context, url string, version *config.Version) (*clients, error) {
	client, err := redis.Open(url)
	if err != nil {
		return nil, err
	}
	found := &clients{Missing: map[string]int{}}
	err = store.EachClient(ctx, client, func(record *dcrpb.Client) {
		found.Number++
		if missing := version.Missing(record); missing != "" {
			found.Missing[missing]++
		}
	})
	return found, errors.Join(err, client.Close())
}

func (c *clients) text() string {
	if len(c.Missing) == 0 {
		return fmt.Sprintf("clients: %s, and the file has the profile and the directory of each\n", count(c.Number, "client"))
	}
	var text string
	for _, missing := range slices.Sorted(maps.Keys(c.Missing)) {
		text += fmt.Sprintf("clients: %d of %d are registered under the %s, which the file lacks: all their requests will be answered with 503\n",
			c.Missing[missing], c.Number, missing)
	}
	return text
}
