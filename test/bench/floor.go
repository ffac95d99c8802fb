package main

import (
	"context"
	"net"
	"os"
	"strings"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
)

const (
	// floorCommand makes this program the floor.
	floorCommand = "floor"
	// factsSize is about that of the gate's x-dcr-facts.
	factsSize = 750
)

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

// serveFloor is the floor's process.
func serveFloor(path string) error {
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	authv3.RegisterAuthorizationServer(server, &floor{facts: strings.Repeat("x", factsSize)})
	return server.Serve(listener)
}

// startFloor starts this program once more, as the floor: it is a process of its own as the gate is.
func startFloor(path string) (stop func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	running, err := process.Start(process.Command{Argv: []string{self, floorCommand, path}, Stderr: os.Stderr})
	if err != nil {
		return nil, err
	}
	return func() error { running.End(time.Second); return nil }, nil
}
