// Package scenario uses the product as a TPP and as an attacker do: through a real Envoy, a real gate and registry, and
// a real Redis, over HTTP/1.1 and HTTP/2. Its tables read like what the product promises.
package scenario

import (
	"flag"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// program is the product, built for these tests; gateway is the world that they share. A test that takes a part of its
// world away has a world of its own.
var (
	program string
	gateway *harness.World
)

// tests is how many tests run at the same time: many of them wait, for a world to start or for a time to pass.
const tests = 4

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", strconv.Itoa(tests)); err != nil {
		panic(err)
	}
	whole := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == ""
	os.Exit(harness.MainRecorded(m, whole, func(p string, w *harness.World) { program, gateway = p, w }, checkDecisions))
}

// newWorld starts a world for one test. Its logs and its connections are checked like those of the shared one.
func newWorld(t *testing.T) *harness.World { t.Helper(); return newWorldWith(t, harness.Options{}) }

// newWorldWith is newWorld with options.
func newWorldWith(t *testing.T, o harness.Options) *harness.World {
	t.Helper()
	o.Program, o.Record = program, true
	return harness.New(t, o, checkDecisions, func(w *harness.World) error { return w.CheckEgress(false) })
}

// eventually asks again until the answer is yes, for as long as a change may take to be known everywhere.
func eventually(t *testing.T, patience time.Duration, what string, done func() bool) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(50 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("not within %s: %s", patience, what)
}
