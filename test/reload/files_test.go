package reload

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// TestAConfigMapIsSwapped has routes.yaml where Kubernetes mounts a ConfigMap: a link into the folder ..data, which is a
// link itself, to a folder named after the time. An update makes another folder and renames another link over ..data:
// routes.yaml and the link it is do not change.
func TestAConfigMapIsSwapped(t *testing.T) {
	text, r := original(t), world.Register(t, harness.Order{})
	mount := volume{dir: world.Dir, name: world.File.Routes}
	t.Cleanup(func() { mount.unmount(t) })
	mount.swap(t, text)
	if err := os.Symlink("..data/"+mount.name, world.Path(mount.name+".link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(world.Path(mount.name+".link"), world.Path(mount.name)); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		name := fmt.Sprintf("fx%d", i)
		mount.swap(t, text+route(name))
		await(t, http.StatusUnauthorized, func() *harness.Answer { return tokenless(t, r, "/"+name+"/1") })
	}
	mount.swap(t, text+"no such key: 1\n")
	if status, err := world.AwaitStatus(t.Context(), patience, func(s *harness.Status) bool { return s.File.Refused != "" }); err != nil || status.Healthy {
		t.Errorf("a bad file: %+v, %v", status, err)
	}
	if answer := tokenless(t, r, "/fx4/1"); answer.Status != http.StatusUnauthorized {
		t.Errorf("the version before does not serve: %s", answer)
	}
	mount.swap(t, text)
	await(t, http.StatusNotFound, func() *harness.Answer { return tokenless(t, r, "/fx4/1") })
}

// A volume is a folder with a ConfigMap of one file.
type volume struct {
	dir, name string
	count     int
	folders   []string
}

// swap replaces the content as the kubelet's atomic writer does.
func (v *volume) swap(t *testing.T, text string) {
	t.Helper()
	v.count++
	folder := fmt.Sprintf("..2026_01_01_00_00_00.%09d", v.count)
	err := os.Mkdir(world.Path(folder), 0o755)
	if err == nil {
		err = os.WriteFile(world.Path(folder+"/"+v.name), []byte(text), 0o600)
	}
	if err == nil {
		err = os.Symlink(folder, world.Path("..data_tmp"))
	}
	if err == nil {
		err = os.Rename(world.Path("..data_tmp"), world.Path("..data"))
	}
	for _, old := range v.folders {
		if err == nil {
			err = os.RemoveAll(world.Path(old))
		}
	}
	if v.folders = []string{folder}; err != nil {
		t.Fatal(err)
	}
}

// unmount leaves routes.yaml to who puts a file there.
func (v *volume) unmount(t *testing.T) {
	t.Helper()
	for _, name := range append(v.folders, "..data") {
		if err := os.RemoveAll(world.Path(name)); err != nil {
			t.Error(err)
		}
	}
}

// SIGHUP has the files read at once, and ends nothing. The file is changed in memory that it is mapped to, of which the
// kernel does not tell.
func TestSIGHUPReadsTheFile(t *testing.T) {
	text, r := original(t), world.Register(t, harness.Order{})
	install(t, text+"# change 0\n")
	pid, err := world.PID(harness.Gate)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 { // a look now and then, which there is too, would explain one of them
		before, err := world.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		patch(t, len(text)+len("# change "), byte('1'+i))
		if err := world.Signal(harness.Gate, syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if _, err := world.AwaitStatus(t.Context(), patience, func(s *harness.Status) bool { return s.Version != before.Version && s.InForce() }); err != nil {
			t.Fatal(err)
		}
	}
	if answer := r.Get(t, world.MTLS()+accounts); answer.Status != http.StatusOK {
		t.Errorf("after SIGHUP: %s", answer)
	}
	if now, err := world.PID(harness.Gate); err != nil || now != pid || !world.Running(harness.Gate) {
		t.Errorf("the gate has ended: process %d, then %d, %v", pid, now, err)
	}
}

// patch changes a byte of routes.yaml through a mapping.
func patch(t *testing.T, at int, to byte) {
	t.Helper()
	file, err := os.OpenFile(world.Path(world.File.Routes), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	mapped, err := syscall.Mmap(int(file.Fd()), 0, at+1, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err == nil {
		mapped[at] = to
		err = syscall.Munmap(mapped)
	}
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestAFileIsWrittenSlowly writes routes.yaml where it is, half of it first. While it is not whole, the version before
// serves; once it is, it is active within a second.
func TestAFileIsWrittenSlowly(t *testing.T) {
	text, r := original(t), world.Register(t, harness.Order{})
	before, err := world.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	next := text + route("fx")
	file, err := os.OpenFile(world.Path(world.File.Routes), os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, until := range []int{0, strings.Index(text, "audiences:") + 12, strings.Index(text, "checks:") + 10, len(next) - 5} {
		at, err := file.Seek(0, 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteString(next[at:until]); err != nil {
			t.Fatal(err)
		}
		for begun := time.Now(); time.Since(begun) < time.Second/5; time.Sleep(beat) {
			if answer := r.Get(t, world.MTLS()+accounts); answer.Status != http.StatusOK {
				t.Fatalf("%d bytes are written, and the version before does not serve: %s", until, answer)
			}
		}
		status, err := world.AwaitStatus(t.Context(), patience, func(s *harness.Status) bool { return s.File.Refused != "" })
		if err != nil || status.Version != before.Version {
			t.Fatalf("%d bytes are written: %+v, %v", until, status, err)
		}
	}
	if _, err := file.WriteString(next[len(next)-5:]); err != nil {
		t.Fatal(err)
	}
	await(t, http.StatusUnauthorized, func() *harness.Answer { return tokenless(t, r, "/fx/1") })
}
