package world

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/process"
	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
	"github.com/dcr-gateway/dcr-gateway/sandbox/envoybin"
)

// grace is how long a part may take to end after SIGTERM.
const grace = 5 * time.Second

// World is a world that runs.
type World struct {
	Dir  string // absolute
	File *worldfile.World

	children map[string]*process.Process
	stopping chan struct{}
	release  func() error
}

// Start makes a new world and starts it. When it returns, every part serves and world.json is there; after an error
// nothing is left running.
func Start(ctx context.Context, o Options, say func(string)) (*World, error) {
	if err := o.check(); err != nil {
		return nil, cli.Exit{Code: cli.Wrong, Text: err.Error()}
	}
	o, err := o.withPorts()
	if err != nil {
		return nil, err
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, err
	}
	release, err := claim(o.Dir)
	if err != nil {
		return nil, err
	}
	if err := o.free(); err != nil {
		return nil, errors.Join(err, release())
	}
	w := &World{Dir: o.Dir, children: map[string]*process.Process{}, stopping: make(chan struct{}), release: release}
	if err := w.start(ctx, o, say); err != nil {
		return nil, errors.Join(err, w.Stop())
	}
	return w, nil
}

func (w *World) start(ctx context.Context, o Options, say func(string)) error {
	if err := prepare(w.Dir, o.gateways()); err != nil {
		return err
	}
	envoy, err := envoybin.Path(say)
	if err != nil {
		return fmt.Errorf("find Envoy: %w", err)
	}
	if envoy, err = filepath.Abs(envoy); err != nil {
		return err
	}
	say("minting keys and certificates")
	own, _ := profileNamed(o.Profile) // it was checked
	frameworks, err := mint(o.Dir, o.ports(), own.dialect())
	if err != nil {
		return err
	}
	w.File = describe(o, frameworks)
	if err := configure(o, w.File, frameworks); err != nil {
		return err
	}
	if err := renderEnvoy(ctx, o); err != nil {
		return err
	}
	w.File.Processes = processes(o, w.File, envoy)
	for name, part := range w.File.Processes {
		if o.Under != nil {
			part.Under = o.Under(name)
			w.File.Processes[name] = part
		}
	}
	if store, ours := w.File.Processes[redisPart]; ours {
		say(storeNote(store))
	}
	for i, step := range startOrder(w.File.Processes) {
		if i > 0 { // Redis serves by now
			if _, err := operate(ctx, o, "init", "--redis", w.File.Redis); err != nil {
				return err
			}
		}
		say(fmt.Sprintf("starting %v", step))
		if err := w.launch(ctx, step); err != nil {
			return err
		}
	}
	return publish(w.File, w.Dir)
}

// launch starts some parts and waits until they serve.
func (w *World) launch(ctx context.Context, names []string) error {
	for _, name := range names {
		part := w.File.Processes[name]
		child, err := startPart(w.Dir, name, part, false)
		if err != nil {
			return err
		}
		part.PID = child.PID()
		w.children[name], w.File.Processes[name] = child, part
	}
	return await(ctx, w.Dir, w.File, names, slices.Collect(maps.Values(w.children)))
}

// startPart starts a part. One that is to outlive this process does not end with it.
func startPart(dir, name string, part worldfile.Process, outlives bool) (*process.Process, error) {
	child, err := process.Start(process.Command{
		Name: name, Argv: slices.Concat(part.Under, part.Argv), Dir: filepath.Join(dir, part.Dir), Env: part.Env, Output: outputFile(dir, name), Outlives: outlives,
	})
	if err != nil {
		return nil, fmt.Errorf("start the %s: %w", name, err)
	}
	return child, nil
}

// Restart starts the parts of a world that have ended, as world.json says, and writes their new process ids into it.
// It returns their names when all of them serve.
func Restart(ctx context.Context, dir string) ([]string, error) {
	w, err := worldfile.Read(dir)
	if err != nil {
		return nil, fmt.Errorf("there is no sandbox in %s: %w", dir, err)
	}
	if !locked(dir) {
		return nil, fmt.Errorf("the sandbox in %s was stopped; start a new one without --restart", dir)
	}
	var restarted []string
	var children []*process.Process
	for _, step := range startOrder(w.Processes) {
		for _, name := range step {
			if alive(dir, w.Processes[name]) {
				continue
			}
			child, err := relaunch(dir, w, name)
			if err != nil {
				return restarted, err
			}
			restarted, children = append(restarted, name), append(children, child)
		}
		if err := await(ctx, dir, w, step, children); err != nil {
			return restarted, err
		}
		if slices.Contains(step, redisPart) && forgot(w, restarted) {
			if err := beginAgain(ctx, dir, w); err != nil {
				return restarted, err
			}
		}
	}
	return restarted, nil
}

// forgot reports whether the store is one of the parts that were started again, and had forgotten all when it ended.
func forgot(w *worldfile.World, restarted []string) bool {
	return slices.Contains(restarted, redisPart) && volatile(w.Processes[redisPart])
}

// beginAgain begins an installation in a store that has forgotten the one before. Gates and registries serve no other than
// theirs, which is what they are for: they are ended here, and start again without a memory of it.
func beginAgain(ctx context.Context, dir string, w *worldfile.World) error {
	for _, name := range slices.Concat(fleetParts(gatePart), fleetParts(registryPart)) {
		if part := w.Processes[name]; alive(dir, part) {
			_ = syscall.Kill(part.PID, syscall.SIGKILL) // a gate would wait for its Envoy
			end(dir, part)
		}
	}
	for number := range len(w.Fleet) {
		err := os.Remove(filepath.Join(dir, gateway{number: number + 1}.folder(), "run", "gate-state", "installation"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	_, err := operate(ctx, Options{Dir: dir, Executable: w.Processes[redisPart].Argv[0]}, "init", "--redis", w.Redis)
	return err
}

// Launch starts one part that is down, as world.json says, and writes its new process id there. Other than Restart it
// does not wait until the part serves, so that a test sees what clients see in between.
func Launch(dir, name string) error {
	w, err := worldfile.Read(dir)
	if err != nil {
		return err
	}
	if _, known := w.Processes[name]; !known {
		return fmt.Errorf("world.json names no %s", name)
	}
	_, err = relaunch(dir, w, name)
	return err
}

// relaunch writes the process id at once, so that every part can be stopped with the world.
func relaunch(dir string, w *worldfile.World, name string) (*process.Process, error) {
	part := w.Processes[name]
	child, err := startPart(dir, name, part, true)
	if err != nil {
		return nil, err
	}
	part.PID = child.PID()
	w.Processes[name] = part
	return child, publish(w, dir)
}

// Watch calls lost once for each part that ends without being stopped. The part stays down, as in production: the world
// goes on with the rest.
func (w *World) Watch(lost func(name string, pid int, cause error)) {
	for name, child := range w.children {
		go func() {
			<-child.Ended()
			select {
			case <-w.stopping:
			default:
				lost(name, child.PID(), child.Err())
			}
		}()
	}
}

// Stop ends every part of the world, those too that --restart has brought back, and returns when none is left.
func (w *World) Stop() error {
	close(w.stopping)
	restarted, err := worldfile.Read(w.Dir)
	if err != nil {
		restarted = &worldfile.World{} // it never was ready, so nothing was restarted
	}
	for _, step := range stopOrder() {
		var ending sync.WaitGroup
		for _, name := range step {
			ending.Go(func() {
				if child, started := w.children[name]; started {
					child.End(grace)
				}
				end(w.Dir, restarted.Processes[name])
			})
		}
		ending.Wait()
	}
	return w.release()
}

// alive says whether a part of a world runs under the process id that world.json has. redis-server runs in a folder of
// its own below the world's.
func alive(dir string, part worldfile.Process) bool {
	return len(part.Argv) > 0 && process.Running(part.PID, part.Argv[0], dir)
}

// end ends a part that another process has started.
func end(dir string, part worldfile.Process) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if !alive(dir, part) {
			return
		}
		_ = syscall.Kill(part.PID, signal) // it may have ended
		for deadline := time.Now().Add(grace); alive(dir, part) && time.Now().Before(deadline); {
			time.Sleep(20 * time.Millisecond)
		}
	}
}
