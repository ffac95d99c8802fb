package world

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
)

func TestRefresh(t *testing.T) {
	o := written(t, "obie-3.3")
	file, err := worldfile.Read(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	read := func(tpp directory.Member) string {
		text, err := os.ReadFile(filepath.Join(o.Dir, tpp.Statement))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	old := map[string]string{}
	for _, tpp := range file.TPPs {
		old[tpp.SoftwareID] = read(tpp)
	}
	if err := refresh(o.Dir, file); err != nil {
		t.Fatal(err)
	}
	if len(old) < 3 {
		t.Fatalf("%d TPPs, want 3", len(old))
	}
	for _, tpp := range file.TPPs {
		if fresh := read(tpp); fresh == old[tpp.SoftwareID] || strings.Count(fresh, ".") != 2 {
			t.Errorf("the statement of %s is not a new one", tpp.SoftwareID)
		}
	}
}
