package watch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// churn writes a file again and again, in several ways, and its folder anew now and then.
func churn(file string, times int) error {
	folder := filepath.Dir(file)
	for i := range times {
		if i%7 == 6 {
			if err := errors.Join(os.RemoveAll(folder), os.Mkdir(folder, 0o700)); err != nil {
				return err
			}
		}
		path := file
		if i%2 == 0 {
			path += ".new~"
		}
		if err := os.WriteFile(path, []byte(fmt.Sprint(i)), 0o600); err != nil {
			return err
		}
		if i%2 == 0 {
			if err := os.Rename(path, file); err != nil {
				return err
			}
		}
		if i%5 == 0 {
			time.Sleep(time.Duration(i%30) * time.Millisecond)
		}
	}
	return os.WriteFile(file, []byte("last"), 0o600)
}

// Whoever reads a file when told to has, in the end, read what was written last, however it came there.
func TestNothingIsLost(t *testing.T) {
	file := t.TempDir() + "/conf/routes.yaml"
	write(t, file, "first")
	w := watcher(t, told, file)
	written := make(chan error, 1)
	go func() { written <- churn(file, 300) }()
	got, end := "", time.After(2*soon)
	for got != "last" {
		select {
		case err := <-written:
			must(t, err)
		case <-w.Changed():
			text, err := os.ReadFile(file)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			got = string(text)
		case <-end:
			t.Fatalf("read %q last", got)
		}
	}
}
