package socket

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestListenOnASocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.sock")
	first, err := Local("unix:"+path).Listen(t.Context(), Group)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("the socket's mode is %v, %v, want 0660", info.Mode().Perm(), err)
	}
	if _, err := Local("unix:"+path).Listen(t.Context(), Group); err == nil || !strings.Contains(err.Error(), "another process listens") {
		t.Errorf("got %v, want that another process listens there", err)
	}
	first.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = first.Close() // as a process does that was killed
	second, err := Local("unix:"+path).Listen(t.Context(), Group)
	if err != nil {
		t.Fatalf("a stale socket is in the way: %v", err)
	}
	_ = second.Close()

	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Local("unix:"+file).Listen(t.Context(), Group); err == nil || !strings.Contains(err.Error(), "not a socket") {
		t.Errorf("got %v, want that it is not a socket", err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "precious" {
		t.Errorf("the file is %q, %v", text, err)
	}
	if _, err := Local("unix:"+filepath.Join(file, "x")).Listen(t.Context(), Group); err == nil {
		t.Error("a socket below a file")
	}
}
