package check

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/test/testbed"
)

func TestDirectoryCheck(t *testing.T) {
	d := testbed.Serve(t, "loopback")
	bad := d.At("bad.yaml")
	if err := os.WriteFile(bad, []byte("extends: openbanking-uk\nnamed: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func(file string) (string, int) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		command := cli.Command{Name: "dcr-gateway", Commands: []cli.Command{Directory()}}
		code := command.Main(t.Context(), []string{"directory", "check", file}, &stdout, &stderr)
		return stdout.String() + stderr.String(), code
	}
	for _, test := range []struct {
		name, file, want string
		code             int
		before           func()
	}{
		{name: "a directory that answers", file: d.At("directory.yaml"), want: "for signatures, at " + d.KeysURL()},
		{name: "a file that is refused", file: bad, want: "named", code: 1},
		{name: "no file", file: d.At("none.yaml"), want: "none.yaml", code: 2},
		{name: "a directory that is down", file: d.At("directory.yaml"), want: "connection refused", code: 1, before: d.Server.Close},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.before != nil {
				test.before()
			}
			if text, code := check(test.file); code != test.code || !strings.Contains(text, test.want) {
				t.Errorf("got %d %q, want %d %q", code, text, test.code, test.want)
			}
		})
	}
}
