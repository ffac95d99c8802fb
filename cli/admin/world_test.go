package admin

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

// save writes the good file with texts in place of others, beside it, and returns its name.
func save(t *testing.T, dir, name string, replace ...string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	sample.Write(t, path, sample.With(t, replace...))
	return path
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run runs a verb of routes and returns what it wrote and its exit code.
func run(t *testing.T, arguments ...string) (stdout, stderr string, code int) {
	t.Helper()
	return program(t, append([]string{"routes"}, arguments...)...)
}

func program(t *testing.T, arguments ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = cli.Command{Name: "dcr-gateway", Commands: Commands()}.Main(t.Context(), arguments, &out, &errs)
	return out.String(), errs.String(), code
}

// same compares a text with what it should be, without the folder of the test.
func same(t *testing.T, have, want, dir string) {
	t.Helper()
	have = strings.ReplaceAll(have, dir+string(filepath.Separator), "")
	if have != strings.TrimPrefix(want, "\n") {
		t.Errorf("have:\n%s\nwant:\n%s", have, strings.TrimPrefix(want, "\n"))
	}
}
