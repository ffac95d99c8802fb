package token

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
)

const (
	// publishAhead is how long a new key is published before it signs: every gate has refreshed several times by then.
	publishAhead = 60 * time.Second

	// rotatePeriod is how long a key signs before the next one takes over.
	rotatePeriod = 30 * 24 * time.Hour

	// dropMargin is added to the longest lifetime of a token before an old key is removed, for clock differences and
	// for a registry that does not know the new key yet.
	dropMargin = 5 * time.Minute
)

// StoreRing returns a ring that only reads the keys in the store.
func StoreRing(s *store.Store, now func() time.Time) *Ring {
	return newRing(func(ctx context.Context, _ time.Time) ([]key, error) { return readStored(ctx, s) }, now)
}

// KeptRing returns a ring that reads and maintains the keys in the store. Each load makes the first key or the next one
// when it is due, and removes keys that cannot have signed a valid token. Any number of registries may do this with one
// store.
func KeptRing(s *store.Store, now func() time.Time) *Ring {
	return newRing(func(ctx context.Context, at time.Time) ([]key, error) {
		if err := keep(ctx, s, at); err != nil {
			return nil, err
		}
		return readStored(ctx, s)
	}, now)
}

// ErrNotKept means that the store holds no keys: they are in files, or no registry has made the first one yet.
var ErrNotKept = errors.New("there are no token keys in the store")

// RotateNow adds a key to those in the store and returns its kid. It signs as soon as it has been published for long
// enough. If the store has no keys, the error is ErrNotKept.
func RotateNow(ctx context.Context, s *store.Store, now time.Time) (kid string, err error) {
	stored, err := s.SigningKeys(ctx)
	if err != nil {
		return "", fmt.Errorf("reading token keys: %w", err)
	}
	if len(stored) == 0 {
		return "", ErrNotKept
	}
	if kid, err = add(ctx, s, newest(stored), now); err != nil {
		return "", err
	}
	if stored, err = s.SigningKeys(ctx); err != nil {
		return "", fmt.Errorf("reading token keys: %w", err)
	}
	if !slices.ContainsFunc(stored, func(k store.SigningKey) bool { return k.ID == kid }) {
		return "", errors.New("another process added a token key at the same time")
	}
	return kid, nil
}

func keep(ctx context.Context, s *store.Store, now time.Time) error {
	stored, err := s.SigningKeys(ctx)
	if err != nil {
		return fmt.Errorf("reading token keys: %w", err)
	}
	if last := newest(stored); now.Sub(last) >= rotatePeriod {
		_, err := add(ctx, s, last, now)
		return err
	}
	for i := range len(stored) - 1 {
		// Its successor began to sign at that time; the last token of this key expired the longest lifetime later.
		successor := stored[i+1].Created.Add(publishAhead)
		if now.After(successor.Add(MaxLifetime + dropMargin)) {
			if err := s.DropSigningKey(ctx, stored[i].ID); err != nil {
				return fmt.Errorf("dropping a token key: %w", err)
			}
		}
	}
	return nil
}

// add makes and stores a key, unless another process has stored one that is newer than since.
func add(ctx context.Context, s *store.Store, since, now time.Time) (kid string, err error) {
	k, der, err := makeKey()
	if err != nil {
		return "", err
	}
	if err := s.AddSigningKey(ctx, store.SigningKey{ID: k.id, PKCS8: der, Created: now}, since); err != nil {
		return "", fmt.Errorf("storing a token key: %w", err)
	}
	return k.id, nil
}

// newest returns when the newest key was made, or the zero time if there is none.
func newest(oldestFirst []store.SigningKey) time.Time {
	if len(oldestFirst) == 0 {
		return time.Time{}
	}
	return oldestFirst[len(oldestFirst)-1].Created
}

// readStored returns the stored keys, newest first. The newest key that may sign now does so.
func readStored(ctx context.Context, s *store.Store) ([]key, error) {
	stored, err := s.SigningKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading token keys: %w", err)
	}
	keys := make([]key, 0, len(stored))
	for _, entry := range slices.Backward(stored) {
		k, err := parseKey(entry.PKCS8)
		if err == nil && k.id != entry.ID {
			err = errors.New("its id is not its thumbprint")
		}
		if err != nil {
			return nil, fmt.Errorf("a stored token key is damaged: %w", err)
		}
		k.signsFrom = entry.Created.Add(publishAhead)
		keys = append(keys, k)
	}
	return keys, nil
}
