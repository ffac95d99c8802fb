// Package testbed starts what the tests of one package of the product need around it: a store on a real Redis, a directory
// that serves over HTTPS, with a member. Use it for tests in one process; whole worlds are started by test/harness.
package testbed

import (
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/test/redisserver"
)

// shards is a small number: the store's tests look at more.
const shards = 4

// Store opens an empty store on the Redis that the tests of the package share, until the test ends.
func Store(tb testing.TB) (*store.Store, *redisserver.Server) {
	tb.Helper()
	server := redisserver.Shared(tb)
	kept, err := store.Dial(server.URL, nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = kept.Close() })
	if _, err := kept.Begin(tb.Context(), shards); err != nil {
		tb.Fatal(err)
	}
	return kept, server
}

// TokenKey is the file of a key that signs access tokens: one key for all tests of the package.
func TokenKey(tb testing.TB) string {
	tb.Helper()
	return testkit.KeyFile(tb, testkit.RSA(tb, 0))
}
