package process

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestChildrenEndWithTheirParent kills a parent with kill -9: what it started goes with it, but for what was to stay.
func TestChildrenEndWithTheirParent(t *testing.T) {
	dir := t.TempDir()
	parent := exec.Command(os.Args[0], "-test.run=^TestParent$")
	parent.Env = append(os.Environ(), parentVariable+"="+dir)
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	pid := func(name string) (pid int) {
		t.Helper()
		if err := Await(ctx, func(context.Context) error {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err == nil {
				pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return pid
	}
	bound, free := pid("pid-false"), pid("pid-true")
	defer syscall.Kill(free, syscall.SIGKILL)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	if err := Await(ctx, func(context.Context) error {
		if Running(bound, "sh", dir) {
			return errors.New("a child has outlived its parent")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if !Running(free, "sh", dir) {
		t.Error("a child that was to outlive its parent has ended with it")
	}
}
