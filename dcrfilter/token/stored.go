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
	return newRing(func(ctx context.Context, at time.Time) ([]key, error) { return readStored(ctx, s, at) }, now)
}

// KeptRing returns a ring that reads and maintains the keys in the store. Each load makes the first key or the next one
// when it is due, and removes keys that cannot have signed a valid token. Any number of registries may do this with one
// store.
func KeptRing(s *store.Store, now func() time.Time) *Ring {
	return newRing(func(ctx context.Context, at time.Time) ([]key, error) {
		if err := keep(ctx, s); err != nil {
			return nil, err
		}
		return readStored(ctx, s, at)
	}, now)
}

// Errors of RotateNow and Drop.
var (
	// ErrNotKept means that the store holds no keys: they are in files, or no registry has made the first one yet.
	ErrNotKept = errors.New("there are no token keys in the store")
	// ErrNoKey means that the store does not have the key.
	ErrNoKey = errors.New("the store has no such token key")
)

// KeptKey is a key in the store, for operators.
type KeptKey struct {
	ID      string    `json:"kid"`
	Created time.Time `json:"created"`
	State   string    `json:"state"` // what it does now
}

// Kept returns the keys in the store, newest first. If there are none, the error is ErrNotKept.
func Kept(ctx context.Context, s *store.Store) ([]KeptKey, error) {
	stored, err := readKeys(ctx, s)
	if err != nil {
		return nil, err
	}
	if len(stored.Keys) == 0 {
		return nil, ErrNotKept
	}
	keys, err := readStored(ctx, s, stored.Now)
	if err != nil {
		return nil, err
	}
	signing, _ := (&snapshot{keys: keys}).signing(stored.Now)
	var kept []KeptKey
	for _, k := range keys {
		state := "verifies"
		switch {
		case k.id == signing.id:
			state = "signs"
		case k.future:
			state = "verifies; created in the future, so that it does not count for the rotation"
		case stored.Now.Before(k.signsFrom):
			state = "verifies; will sign"
		}
		kept = append(kept, KeptKey{ID: k.id, Created: k.signsFrom.Add(-publishAhead), State: state})
	}
	return kept, nil
}

// RotateNow adds a key to those in the store and returns its kid. It signs as soon as it has been published for long
// enough. If the store has no keys, the error is ErrNotKept.
func RotateNow(ctx context.Context, s *store.Store) (kid string, err error) {
	stored, err := readKeys(ctx, s)
	if err != nil {
		return "", err
	}
	if len(stored.Keys) == 0 {
		return "", ErrNotKept
	}
	return addOurs(ctx, s, stored)
}

// Drop removes a key from those in the store: what it signed is not valid any more. If no other key can take over, it adds
// one before. It returns the kid of the key that signs from now on. Errors: ErrNotKept, ErrNoKey.
func Drop(ctx context.Context, s *store.Store, kid string) (next string, err error) {
	stored, err := readKeys(ctx, s)
	if err != nil {
		return "", err
	}
	if len(stored.Keys) == 0 {
		return "", ErrNotKept
	}
	is := func(k store.SigningKey) bool { return k.ID == kid }
	if !slices.ContainsFunc(stored.Keys, is) {
		return "", ErrNoKey
	}
	if left := slices.DeleteFunc(slices.Clone(stored.Past()), is); len(left) == 0 {
		if _, err := addOurs(ctx, s, stored); err != nil {
			return "", err
		}
	}
	if err := s.DropSigningKey(ctx, kid); err != nil {
		return "", fmt.Errorf("dropping a token key: %w", err)
	}
	ring := StoreRing(s, time.Now)
	if err := ring.Load(ctx); err != nil {
		return "", err
	}
	signing, err := ring.signing()
	return signing.id, err
}

// addOurs adds a key, and fails if another process has added one since the keys were read.
func addOurs(ctx context.Context, s *store.Store, before store.SigningKeys) (kid string, err error) {
	if kid, err = add(ctx, s, newest(before)); err != nil {
		return "", err
	}
	after, err := readKeys(ctx, s)
	if err == nil && !slices.ContainsFunc(after.Keys, func(k store.SigningKey) bool { return k.ID == kid }) {
		err = errors.New("another process added a token key at the same time")
	}
	return kid, err
}

func readKeys(ctx context.Context, s *store.Store) (store.SigningKeys, error) {
	stored, err := s.SigningKeys(ctx)
	if err != nil {
		return stored, fmt.Errorf("reading token keys: %w", err)
	}
	return stored, nil
}

func keep(ctx context.Context, s *store.Store) error {
	stored, err := readKeys(ctx, s)
	if err != nil {
		return err
	}
	if last := newest(stored); stored.Now.Sub(last) >= rotatePeriod {
		_, err := add(ctx, s, last)
		return err
	}
	past := stored.Past()
	for i := range len(past) - 1 {
		// Its successor began to sign at that time; the last token of this key expired the longest lifetime later.
		successor := past[i+1].Created.Add(publishAhead)
		if stored.Now.After(successor.Add(MaxLifetime + dropMargin)) {
			if err := s.DropSigningKey(ctx, past[i].ID); err != nil {
				return fmt.Errorf("dropping a token key: %w", err)
			}
		}
	}
	return nil
}

// add makes and stores a key, unless another process has stored one that is newer than since.
func add(ctx context.Context, s *store.Store, since time.Time) (kid string, err error) {
	k, der, err := makeKey()
	if err != nil {
		return "", err
	}
	if err := s.AddSigningKey(ctx, k.id, der, since); err != nil {
		return "", fmt.Errorf("storing a token key: %w", err)
	}
	return k.id, nil
}

// newest returns when the newest key was made, or the zero time if there is none. A key of the future does not count: its
// rotation would never be due.
func newest(stored store.SigningKeys) time.Time {
	past := stored.Past()
	if len(past) == 0 {
		return time.Time{}
	}
	return past[len(past)-1].Created
}

// readStored returns the stored keys, newest first. The newest key that may sign now does so. Ages are Redis'; at is the
// caller's time.
func readStored(ctx context.Context, s *store.Store, at time.Time) ([]key, error) {
	stored, err := readKeys(ctx, s)
	if err != nil {
		return nil, err
	}
	keys := make([]key, 0, len(stored.Keys))
	for _, entry := range slices.Backward(stored.Keys) {
		k, err := parseKey(entry.PKCS8)
		if err == nil && k.id != entry.ID {
			err = errors.New("its id is not its thumbprint")
		}
		if err != nil {
			return nil, fmt.Errorf("a stored token key is damaged: %w", err)
		}
		k.signsFrom = at.Add(entry.Created.Add(publishAhead).Sub(stored.Now))
		k.future = entry.Created.After(stored.Now)
		keys = append(keys, k)
	}
	return keys, nil
}
