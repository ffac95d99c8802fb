// Package fault kills and freezes the parts of a running world and watches what its clients see: never a 2xx that should
// not be, and service again as soon as the part is back.
package fault

import (
	"os"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

var world *harness.World

// TestMain has one world for all tests, which follow each other: each leaves it whole.
func TestMain(m *testing.M) {
	os.Exit(harness.Main(m, func(_ string, w *harness.World) { world = w }))
}
