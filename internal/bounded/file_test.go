package bounded

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a-file")
	for _, c := range []struct {
		text string
		want string
	}{
		{"", ""},
		{"1234", ""},
		{"12345", "a-file is larger than 4 bytes"},
		{strings.Repeat("x", 1<<16), "a-file is larger than 4 bytes"},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		text, err := ReadFile(path, 4)
		switch {
		case c.want == "" && (err != nil || string(text) != c.text):
			t.Errorf("%d bytes: got %q, %v", len(c.text), text, err)
		case c.want != "" && (err == nil || err.Error() != c.want || text != nil):
			t.Errorf("%d bytes: got %q, %v, want %s", len(c.text), text, err, c.want)
		}
	}
	if _, err := ReadFile(t.TempDir(), 4); err == nil {
		t.Error("a folder was read")
	}
	if _, err := ReadFile(path+"-not", 4); !os.IsNotExist(err) {
		t.Errorf("a file that is not there: %v", err)
	}
}
