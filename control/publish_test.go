package control

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/internal/redis"
	"github.com/dcr-gateway/dcr-gateway/test/redisserver"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
	"github.com/dcr-gateway/dcr-gateway/test/testbed"
)

// A registry can read every version that a gate decides by: before the first decision, and again within a second or two
// after Redis has lost it.
func TestVersionsAreKeptPublished(t *testing.T) {
	kept, server := testbed.Store(t)
	gate, _ := newGateOf(t, kept)
	dir := sample.Folder(t)
	path := filepath.Join(dir, "routes.yaml")
	published := func(version *config.Version) error {
		packed, err := kept.Version(t.Context(), version.ID())
		if err == nil {
			_, err = config.Unpack(t.TempDir(), version.ID(), packed)
		}
		return err
	}
	first := read(t, path)
	must(t, gate.Apply(t.Context(), first))
	must(t, published(first))
	sample.Write(t, path, sample.Routes+"# two\n")
	second := read(t, path)
	must(t, gate.Apply(t.Context(), second))
	must(t, published(second))

	follower, err := NewFollower(path, "", gate, slog.New(slog.DiscardHandler))
	must(t, err)
	t.Cleanup(func() { _ = follower.Close() })
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() { _ = gate.Run(ctx, follower) }()
	client, err := redis.Open(server.URL)
	must(t, err)
	defer client.Close()
	must(t, client.Del(t.Context(), "dcr:versions", "dcr:version:"+first.ID(), "dcr:version:"+second.ID()).Err())
	for _, version := range []*config.Version{first, second} { // requests under the first may still be under way
		for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
			if err := published(version); err == nil {
				break
			} else if !errors.Is(err, store.ErrNotFound) || time.Since(begun) > awhile {
				t.Fatal(err)
			}
		}
	}
}

// A version that no registry can read is active nowhere. Once Redis is back it is activated without a change of the file.
func TestAVersionThatCannotBePublishedWaits(t *testing.T) {
	server := redisserver.Start(t, t.TempDir())
	kept, err := store.Dial(server.URL, nil)
	must(t, err)
	t.Cleanup(func() { _ = kept.Close() })
	_, err = kept.Begin(t.Context(), 0)
	must(t, err)
	gate, _ := newGateOf(t, kept)
	dir := sample.Folder(t)
	path := filepath.Join(dir, "routes.yaml")
	follower, err := NewFollower(path, "", gate, slog.New(slog.DiscardHandler))
	must(t, err)
	t.Cleanup(func() { _ = follower.Close() })
	must(t, follower.Load(t.Context()))
	first := follower.Live().ID()
	server.Stop()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() { _ = follower.Run(ctx) }()
	sample.Write(t, path, sample.Routes+"# two\n")
	until := func(what string, done func(Status) bool) {
		t.Helper()
		for begun := time.Now(); !done(follower.Status()); time.Sleep(5 * time.Millisecond) {
			if time.Since(begun) > 2*awhile {
				t.Fatalf("%s: %+v", what, follower.Status())
			}
		}
	}
	until("refused", func(s Status) bool { return s.File.Refused != "" && s.Version == first })
	server.Start()
	until("active", func(s Status) bool { return s.Healthy && s.Version != first })
}

// TestAGateStartsWhileRedisIsFull: it serves calls of a bank's API at once, and registries get its version and its facts key
// as soon as there is room.
func TestAGateStartsWhileRedisIsFull(t *testing.T) {
	kept, server := testbed.Store(t)
	client, err := redis.Open(server.URL)
	must(t, err)
	defer client.Close()
	gate, _ := newGateOf(t, kept)
	path := filepath.Join(sample.Folder(t), "routes.yaml")
	follower, err := NewFollower(path, "", gate, slog.New(slog.DiscardHandler))
	must(t, err)
	t.Cleanup(func() { _ = follower.Close() })
	limit := func(bytes string) {
		must(t, client.ConfigSet(context.WithoutCancel(t.Context()), "maxmemory", bytes).Err())
	}
	limit("1")
	defer limit("0")
	must(t, follower.Load(t.Context()))
	if follower.Live() == nil {
		t.Fatal("no version is active")
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() { _ = gate.Run(ctx, follower) }()
	if _, err := kept.Version(t.Context(), follower.Live().ID()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("published while Redis is full: %v", err)
	}
	limit("0")
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if _, err := kept.Version(t.Context(), follower.Live().ID()); err == nil {
			return
		} else if time.Since(begun) > awhile {
			t.Fatal(err)
		}
	}
}
