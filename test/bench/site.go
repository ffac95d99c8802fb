package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// A site is a world, and its gate as Envoy asks it.
type site struct {
	world   *harness.World
	gate    *server
	version string // of its routes
}

// refresh asks the gate for the version that questions to it must name.
func (s *site) refresh(ctx context.Context) error {
	status, err := s.world.Status(ctx)
	if err == nil {
		s.version = status.Version
	}
	return err
}

// A bench is what is built and started for one run, in a folder of its own.
type bench struct {
	dir, program string
	closers      []func() error
}

func openBench(ctx context.Context) (*bench, error) {
	dir, err := os.MkdirTemp("", "dcr-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{dir: dir, closers: []func() error{func() error { return os.RemoveAll(dir) }}}
	if b.program, err = harness.Build(ctx, dir); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// site starts a world.
func (b *bench) site(ctx context.Context) (*site, error) {
	world, err := harness.Start(ctx, harness.Options{Program: b.program})
	if err != nil {
		return nil, err
	}
	b.closers = append(b.closers, world.Stop)
	gate, err := b.dial(world.Path(strings.TrimPrefix(world.File.Internal.Gate, "unix:")))
	if err != nil {
		return nil, err
	}
	s := &site{world: world, gate: gate}
	return s, s.refresh(ctx)
}

// floor starts the floor.
func (b *bench) floor() (*server, error) {
	socket := filepath.Join(b.dir, "floor.sock")
	stop, err := startFloor(socket)
	if err != nil {
		return nil, err
	}
	b.closers = append(b.closers, stop)
	return b.dial(socket)
}

func (b *bench) dial(socket string) (*server, error) {
	s, err := dial(socket)
	if err == nil {
		b.closers = append(b.closers, s.close)
	}
	return s, err
}

// close takes down, in reverse order, what was put up.
func (b *bench) close() error {
	var errs []error
	for len(b.closers) > 0 {
		last := len(b.closers) - 1
		errs = append(errs, b.closers[last]())
		b.closers = b.closers[:last]
	}
	return errors.Join(errs...)
}
