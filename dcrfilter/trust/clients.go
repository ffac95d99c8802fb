package trust

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// clientCacheSize is more than the clients of a bank: there are some hundreds of TPPs.
const clientCacheSize = 4_096

// Clients caches what calls need of the records of their clients. Every change gives a record a new version, and
// the caller reads the current version from the store with each call, so that the cache is never stale.
type Clients struct {
	store       *store.Store
	directories Directories
	known       Known
	seen        *metric.Cache[string, *Client]
}

// Client is what calls need of a client's record. It is shared and must not be changed.
type Client struct {
	Software         *dcr.Software
	Scopes           []string
	RegistrationOnly bool // its tokens manage its registration and nothing else: its grant_types lack client_credentials

	version uint64
}

// Known returns the profile that a client's record names. Its error is the refusal for an internal fault: the
// configuration lacks the profile or the directory.
type Known func(record *dcrpb.Client) (*dcr.Profile, error)

// NewClients returns an empty cache. It does not cache clients that known refuses. The set counts, and may be nil.
func NewClients(store *store.Store, directories Directories, known Known, set *metric.Set) (*Clients, error) {
	seen, err := metric.NewCache[string, *Client](set, "client", clientCacheSize)
	return &Clients{store: store, directories: directories, known: known, seen: seen}, err
}

// Client returns the client's record in this version or a newer one. The result for a version is the same until the cache
// forgets it. Its error is store.ErrNotFound or the refusal of Known.
func (c *Clients) Client(ctx context.Context, clientID string, version uint64) (*Client, error) {
	if known, ok := c.seen.Get(clientID, func(known *Client) bool { return known.version == version }); ok {
		return known, nil
	}
	record, err := c.store.Client(ctx, clientID)
	if err != nil {
		return nil, fmt.Errorf("record of the client: %w", err)
	}
	if _, err := c.known(record); err != nil {
		return nil, err
	}
	read := &Client{
		Software: c.directories.Software(record), Scopes: record.GetScopes(), version: record.GetVersion(),
		RegistrationOnly: !slices.Contains(record.GetGrantTypes(), rule.GrantClientCredentials),
	}
	c.seen.Add(clientID, read)
	return read, nil
}

// Software returns the software product of a client's record. Old records lack the competent authority; it is then read
// from the software statement that the client registered with.
func (d Directories) Software(record *dcrpb.Client) *dcr.Software {
	of := record.GetSoftware()
	source := d.Of(of)
	if source == nil || of.GetAuthorisationNumber() == "" || of.GetAuthority() != "" {
		return of
	}
	claims, err := jose.ClaimsVerifiedElsewhere(record.GetSoftwareStatement(), maxStatementBytes)
	if err != nil {
		return of
	}
	if statement, err := directory.ReadStatement(source.Directory, claims, ""); err == nil {
		of = proto.CloneOf(of)
		of.Authority = statement.Software.GetAuthority()
	}
	return of
}
