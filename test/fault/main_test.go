// Package fault kills and freezes the parts of a running world and watches what its clients see: never a 2xx that should
// not be, and service again as soon as the part is back.
package fault

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

var world *harness.World

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run has one world for all tests, which follow each other: each leaves it whole.
func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "dcr-fault")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program, err := harness.Build(context.Background(), dir)
	if err == nil {
		world, err = harness.Start(context.Background(), harness.Options{Program: program})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := world.End(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if races, err := world.Races(); err != nil || len(races) > 0 {
		fmt.Fprintln(os.Stderr, "data races in the world's logs:", races, err)
		code = 1
	}
	_ = os.RemoveAll(world.Dir)
	return code
}
