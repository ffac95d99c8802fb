package filter

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	"github.com/dcr-gateway/dcr-gateway/internal/userfile"
)

const (
	basicCacheSize = 256
	// maxComparing is how many passwords are compared at the same time. Each comparison takes about 50 ms of one core.
	maxComparing = 2
	maxBasic     = 1 << 10
)

// BasicFilter proves that the request carries the name and password of a user in the route's file (RFC 7617). Use it in
// addition to other checks: it replaces none of them and gives no further permissions.
type BasicFilter struct {
	right     *metric.Cache[[sha256.Size]byte, struct{}] // header and file that matched before
	comparing chan struct{}
}

// NewBasicFilter returns the filter. The set counts its cache, and may be nil.
func NewBasicFilter(set *metric.Set) (*BasicFilter, error) {
	right, err := metric.NewCache[[sha256.Size]byte, struct{}](set, "basic", basicCacheSize)
	if err != nil {
		return nil, err
	}
	return &BasicFilter{right: right, comparing: make(chan struct{}, maxComparing)}, nil
}

// Check implements Filter. It reads the file every time, so that a removed user is refused at once.
func (f *BasicFilter) Check(ctx context.Context, r *Request) error {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return dcr.Refuse("basic.missing")
	}
	name, password, ok := (&http.Request{Header: http.Header{"Authorization": values}}).BasicAuth()
	if !ok || len(values) > 1 || strings.Contains(values[0], ",") || len(values[0]) > maxBasic {
		return dcr.Refuse("basic.form")
	}
	users, err := userfile.Read(r.Route.UsersFile)
	if err != nil {
		return fmt.Errorf("users of route %s: %w", r.Route.Name, err)
	}
	key := sha256.Sum256([]byte(string(users[name]) + name + "\n" + password))
	if _, known := f.right.Get(key, nil); known {
		return nil
	}
	select {
	case f.comparing <- struct{}{}:
		defer func() { <-f.comparing }()
	case <-ctx.Done():
		return fmt.Errorf("comparing a password: %w", ctx.Err())
	}
	if err := users.Check(name, password); errors.Is(err, userfile.ErrWrong) {
		return dcr.Refuse("basic.user").CausedBy(err)
	} else if err != nil {
		return err
	}
	f.right.Add(key, struct{}{})
	return nil
}
