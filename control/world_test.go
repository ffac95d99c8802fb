package control

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

const awhile = 20 * time.Second

func read(t *testing.T, path string) *config.Version {
	t.Helper()
	version, err := config.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

func slurp(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// errPart is the error of a part that rejects a configuration.
var errPart = errors.New("the part will not have it")

// part is a Part that records the versions it activated, and rejects files that contain a certain word.
type part struct {
	mu   sync.Mutex
	runs []string // versions, in the order of activation
}

const refusedWord = "# not this one"

func (p *part) Apply(_ context.Context, version *config.Version) error {
	if strings.Contains(string(version.Files[0].Text), refusedWord) {
		return errPart
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.runs = append(p.runs, version.ID())
	return nil
}

func (p *part) Files(version *config.Version) []string {
	return envoy.SecretFiles(version.File, envoy.Options{})
}
func (p *part) Changed(context.Context) {}

func (p *part) last() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.runs[len(p.runs)-1]
}

// world is a follower of a sample folder, and its log.
type world struct {
	*Follower
	t          *testing.T
	dir, state string
	part       *part
	log        *testkit.Log
	stop       func()
}

// follow starts a follower, as a process would.
func follow(t *testing.T, dir, state string) (*world, error) {
	t.Helper()
	w := &world{t: t, dir: dir, state: state, part: &part{}, log: &testkit.Log{}}
	follower, err := NewFollower(filepath.Join(dir, "routes.yaml"), state, w.part, slog.New(slog.NewTextHandler(w.log, nil)))
	if err != nil {
		return nil, err
	}
	w.Follower = follower
	if err := follower.Load(t.Context()); err != nil {
		return nil, errors.Join(err, follower.Close())
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- follower.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-ended, follower.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(w.stop)
	return w, nil
}

// start is follow of a new folder.
func start(t *testing.T) *world {
	t.Helper()
	w, err := follow(t, sample.Folder(t), filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) save(name, text string) {
	w.t.Helper()
	sample.Write(w.t, filepath.Join(w.dir, name), text)
}

// await waits until the status is as wanted.
func (w *world) await(what string, wanted func(Status) bool) Status {
	w.t.Helper()
	for begun := time.Now(); ; time.Sleep(time.Millisecond) {
		if status := w.Status(); wanted(status) {
			return status
		} else if time.Since(begun) > awhile {
			w.t.Fatalf("not %s: %+v", what, status)
		}
	}
}

// active waits until what is on disk is active, and returns its version.
func (w *world) active() string {
	w.t.Helper()
	want := read(w.t, filepath.Join(w.dir, "routes.yaml")).ID()
	w.await("active", func(s Status) bool { return s.Version == want && s.Healthy && s.File.Version == want && s.Entry > 0 })
	return want
}

func (w *world) refused() Status {
	w.t.Helper()
	return w.await("refused", func(s Status) bool { return s.File.Refused != "" })
}
