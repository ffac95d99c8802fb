package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"

	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

const (
	// floorCommand makes this program the floor.
	floorCommand = "floor"
	// factsSize is about that of the gate's x-dcr-facts.
	factsSize = 750
)

// A bench is a world with its gate, and the floor beside it, in a folder of their own.
type bench struct {
	world       *harness.World
	version     string // of its routes.yaml
	gate, floor *server
	closers     []func() error
}

func openBench(ctx context.Context, say func(string)) (*bench, error) {
	b := &bench{}
	if err := b.open(ctx, say); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *bench) open(ctx context.Context, say func(string)) error {
	dir, err := os.MkdirTemp("", "dcr-bench-")
	if err != nil {
		return err
	}
	b.closers = append(b.closers, func() error { return os.RemoveAll(dir) })
	say("building the program")
	program, err := harness.Build(ctx, dir)
	if err != nil {
		return err
	}
	say("starting a world")
	if b.world, err = harness.Start(ctx, harness.Options{Program: program}); err != nil {
		return err
	}
	b.closers = append(b.closers, b.world.Stop)
	file, err := routes.Read(b.world.Path(b.world.File.Routes))
	if err != nil {
		return err
	}
	b.version = file.Version
	socket := filepath.Join(dir, "floor.sock")
	stop, err := startFloor(socket)
	if err != nil {
		return err
	}
	b.closers = append(b.closers, stop)
	if b.floor, err = dial(socket); err != nil {
		return err
	}
	b.closers = append(b.closers, b.floor.close)
	if b.gate, err = dial(b.world.Path(strings.TrimPrefix(b.world.File.Internal.Gate, "unix:"))); err != nil {
		return err
	}
	b.closers = append(b.closers, b.gate.close)
	return nil
}

// close takes down, in reverse order, what open has put up.
func (b *bench) close() error {
	var errs []error
	for len(b.closers) > 0 {
		last := len(b.closers) - 1
		errs = append(errs, b.closers[last]())
		b.closers = b.closers[:last]
	}
	return errors.Join(errs...)
}

// resident is how much of a process is in memory, in MiB.
func resident(ctx context.Context, pid int) (float64, error) {
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid)); err == nil { // Linux, where ps may not be installed
		var size, pages int
		_, err := fmt.Sscan(string(text), &size, &pages)
		return float64(pages*os.Getpagesize()) / (1 << 20), err
	}
	text, err := exec.CommandContext(ctx, "ps", "-o", "rss=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return 0, err
	}
	kib, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
	return kib / (1 << 10), err
}

// A floor allows everything, in an answer as large as the gate's.
type floor struct {
	authv3.UnimplementedAuthorizationServer
	facts string
}

// Check implements authv3.AuthorizationServer.
func (f *floor) Check(context.Context, *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	return &authv3.CheckResponse{
		Status: &status.Status{},
		HttpResponse: &authv3.CheckResponse_OkResponse{OkResponse: &authv3.OkHttpResponse{Headers: []*corev3.HeaderValueOption{
			overwrite("x-dcr-facts", f.facts), overwrite("x-fapi-interaction-id", interaction),
		}}},
	}, nil
}

func overwrite(name, value string) *corev3.HeaderValueOption {
	return &corev3.HeaderValueOption{
		Header:       &corev3.HeaderValue{Key: name, RawValue: []byte(value)},
		AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}
}

// serveFloor is the floor's process. It ends with its standard input, and so with the process that measures.
func serveFloor(path string, input io.Reader) error {
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	authv3.RegisterAuthorizationServer(server, &floor{facts: strings.Repeat("x", factsSize)})
	go func() {
		_, _ = io.Copy(io.Discard, input)
		server.Stop()
	}()
	return server.Serve(listener)
}

// startFloor starts this program once more, as the floor: it is a process of its own as the gate is.
func startFloor(path string) (stop func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.Command(self, floorCommand, path)
	command.Stderr = os.Stderr
	command.WaitDelay = time.Second
	input, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	return func() error { return errors.Join(input.Close(), command.Wait()) }, nil
}
