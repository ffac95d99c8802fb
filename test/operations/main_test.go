package operations

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// program is the product, built for the tests of this package.
var program string

func TestMain(m *testing.M) {
	if name := filepath.Base(os.Args[0]); name == systemctl || name == shown {
		os.Exit(relay(name, os.Args[1:]))
	}
	_ = os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin") // logrotate is there, and not everybody's PATH has it
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "dcr-operations")
	if err == nil {
		defer os.RemoveAll(dir)
		program, err = harness.Build(context.Background(), dir, false)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
