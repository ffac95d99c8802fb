package world

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/dcr-gateway/dcr-gateway/sandbox/envoybin"
	"github.com/dcr-gateway/dcr-gateway/sandbox/worldfile"
)

// World is a world that runs.
type World struct {
	Dir  string // absolute
	File *worldfile.World

	spawner  spawner
	children map[string]*child
	stopping chan struct{}
	release  func() error
}

// Start makes a new world and starts it. When it returns, every part serves and world.json is there; after an error
// nothing is left running.
func Start(ctx context.Context, o Options, say func(string)) (*World, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	o.Dir = dir
	release, err := claim(dir)
	if err != nil {
		return nil, err
	}
	p := o.ports()
	if err := p.free(o.Redis == ""); err != nil {
		return nil, errors.Join(err, release())
	}
	w := &World{Dir: dir, children: map[string]*child{}, stopping: make(chan struct{}), release: release, spawner: newSpawner()}
	if err := w.start(ctx, o, p, say); err != nil {
		return nil, errors.Join(err, w.Stop())
	}
	return w, nil
}

func (w *World) start(ctx context.Context, o Options, p ports, say func(string)) error {
	if err := prepare(w.Dir); err != nil {
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
	frameworks, err := mint(o.Dir, p, own.dialect())
	if err != nil {
		return err
	}
	w.File = describe(o, p, frameworks)
	if err := configure(o, p, w.File, frameworks); err != nil {
		return err
	}
	if err := renderEnvoy(ctx, o); err != nil {
		return err
	}
	plan := processes(o, p, w.File, envoy)
	if store, ours := plan[redisPart]; ours {
		say(storeNote(store))
	}
	for _, step := range [][]string{foundations(), gateway()} {
		if err := w.launch(ctx, plan, step, say); err != nil {
			return err
		}
	}
	return w.File.Write(w.Dir)
}

// launch starts some parts and waits until they serve.
func (w *World) launch(ctx context.Context, plan map[string]worldfile.Process, names []string, say func(string)) error {
	for _, name := range names {
		process, ours := plan[name]
		if !ours {
			continue
		}
		started, err := w.spawner.start(w.Dir, name, process)
		if err != nil {
			return fmt.Errorf("start the %s: %w", name, err)
		}
		process.PID = started.command.Process.Pid
		w.children[name], w.File.Processes[name] = started, process
	}
	say(fmt.Sprintf("starting %v", names))
	return await(ctx, w.Dir, w.File, names, w.dead)
}

// dead tells of a child that has ended, and why.
func (w *World) dead() error {
	for name, c := range w.children {
		select {
		case <-c.ended:
			return fmt.Errorf("the %s ended at once (%v)\n%s", name, c.err, tail(w.Dir, name))
		default:
		}
	}
	return nil
}

// Watch calls lost, once for each part that ends although nobody has stopped it. The part stays down, as in
// production: the world goes on with what is left.
func (w *World) Watch(lost func(name string, pid int, cause error)) {
	for name, c := range w.children {
		go func() {
			<-c.ended
			select {
			case <-w.stopping:
			default:
				lost(name, c.command.Process.Pid, c.err)
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
	for _, name := range stopOrder() {
		if c, started := w.children[name]; started {
			c.stop()
		}
		end(w.Dir, restarted.Processes[name])
	}
	close(w.spawner)
	return w.release()
}
