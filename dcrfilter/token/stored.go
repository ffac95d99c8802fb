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

	// dropMargin is added to the life of the longest token before an old key is dropped: for clocks, and for a registry that
	// does not know the new key yet.
	dropMargin = 5 * time.Minute
)

// StoreRing returns the ring of the keys in the store, which it only reads.
func StoreRing(s *store.Store, now func() time.Time) *Ring {
	return newRing(func(ctx context.Context, _ time.Time) ([]key, error) { return readStored(ctx, s) }, now)
}

// KeptRing returns the ring of the keys in the store, and keeps them: each load makes the first key and the next one
// when their time has come, and drops a key that no living token can be signed with. Any number of registries may keep
// one store.
func KeptRing(s *store.Store, now func() time.Time) *Ring {
	return newRing(func(ctx context.Context, at time.Time) ([]key, error) {
		if err := keep(ctx, s, at); err != nil {
			return nil, err
		}
		return readStored(ctx, s)
	}, now)
}

// ErrNotKept says that the store holds no keys: they are elsewhere, or there is no registry yet to make the first.
var ErrNotKept = errors.New("there are no token keys in the store")

// RotateNow adds a key to those that a registry keeps in the store (ErrNotKept), which signs as soon as it has been published for long enough, and returns its id.
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
		return "", errors.New("somebody else has added a token key at this moment")
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
		// The key after it began to sign then, and the last token of this key ended the longest lifetime later.
		successor := stored[i+1].Created.Add(publishAhead)
		if now.After(successor.Add(MaxLifetime + dropMargin)) {
			if err := s.DropSigningKey(ctx, stored[i].ID); err != nil {
				return fmt.Errorf("dropping a token key: %w", err)
			}
		}
	}
	return nil
}

// add makes a key and stores it, unless somebody has stored one that is newer than since.
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

// newest is when the newest key was made; the zero time where there is none.
func newest(oldestFirst []store.SigningKey) time.Time {
	if len(oldestFirst) == 0 {
		return time.Time{}
	}
	return oldestFirst[len(oldestFirst)-1].Created
}

// readStored returns the stored keys, newest first: the newest whose time has come signs.
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
