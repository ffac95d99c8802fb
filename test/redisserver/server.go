// Package redisserver runs real Redis servers for tests: one, one that a sentinel watches, or a cluster of three.
package redisserver

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
)

// patience is how long a server may take to start or to stop.
const patience = 10 * time.Second

// Server is a redis-server process that writes every command to disk before it answers. It ends with its test.
type Server struct {
	URL string // as internal/redis opens it

	tb testing.TB
	*daemon
}

// daemon is the process behind one Server, or behind those of Shared.
type daemon struct {
	network, listen string
	args            []string
	log             string
	process         *process.Process // nil while it is down
}

// Start starts a server on a Unix socket, keeps its data in dir and returns when it answers. More arguments are handed
// to redis-server and win over the helper's own: "--appendonly", "no" makes it fast and forgetful. Without a redis-server
// on PATH the test fails; with -short it is skipped.
func Start(tb testing.TB, dir string, args ...string) *Server {
	tb.Helper()
	path := filepath.Join(dir, "redis.sock")
	if len(path) > 100 { // a socket's address holds 104 bytes on some systems
		path = filepath.Join(shortDir(tb), "redis.sock")
	}
	s := &Server{tb: tb, URL: "unix://" + path, daemon: &daemon{network: "unix", listen: path}}
	s.args = keep(dir, "--port", "0", "--unixsocket", path)
	s.args = append(s.args, args...)
	s.begin(dir)
	return s
}

// StartTCP is Start on a free port of the loopback interface.
func StartTCP(tb testing.TB, dir string, args ...string) *Server {
	tb.Helper()
	port := freePort(tb)
	listen := net.JoinHostPort("127.0.0.1", port)
	s := &Server{tb: tb, URL: "redis://" + listen, daemon: &daemon{network: "tcp", listen: listen}}
	s.args = keep(dir, "--port", port, "--bind", "127.0.0.1")
	s.args = append(s.args, args...)
	s.begin(dir)
	return s
}

// keep has every write on disk before it is answered.
func keep(dir string, args ...string) []string {
	return append(args, "--dir", dir, "--save", "", "--appendonly", "yes", "--appendfsync", "always")
}

func (s *Server) begin(dir string) {
	s.tb.Helper()
	s.log = filepath.Join(dir, "redis.log")
	s.args = append(s.args, "--logfile", s.log)
	s.tb.Cleanup(s.Kill)
	s.Start()
}

// Start starts a server again that was stopped or killed, with the data it left.
func (s *Server) Start() {
	s.tb.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil && testing.Short() {
		s.tb.Skip("there is no redis-server on PATH")
	}
	if err != nil {
		s.tb.Fatal("there is no redis-server on PATH: install one, or test with -short")
	}
	if s.process, err = process.Start(process.Command{Argv: append([]string{program}, s.args...)}); err != nil {
		s.tb.Fatalf("start redis-server: %v", err)
	}
	s.await("PING", func(reply string) bool {
		return strings.HasPrefix(reply, "+PONG") || strings.HasPrefix(reply, "-NOAUTH")
	})
}

// Stop ends the server as an operator does.
func (s *Server) Stop() {
	if s.process != nil {
		s.process.End(patience)
		s.process = nil
	}
}

// Kill ends the server with kill -9.
func (s *Server) Kill() {
	if s.process != nil {
		s.process.Signal(syscall.SIGKILL)
		_ = s.process.Err() // that it was killed
		s.process = nil
	}
}

// await repeats a command until its reply is as wanted.
func (s *Server) await(command string, wanted func(reply string) bool) {
	s.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := process.Await(ctx, func(context.Context) error {
		reply, err := s.ask(command)
		if err == nil && !wanted(reply) {
			err = fmt.Errorf("%q", reply)
		}
		return err
	}, s.process); err != nil {
		s.tb.Fatalf("redis-server does not answer %s as it should: %v\n%s", command, err, process.Tail(s.log))
	}
}

// ask sends one inline command and returns what comes first of its reply.
func (s *Server) ask(command string) (string, error) {
	conn, err := net.DialTimeout(s.network, s.listen, time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
		return "", err
	}
	reply := make([]byte, 4096)
	n, err := conn.Read(reply)
	return string(reply[:n]), err
}

func shortDir(tb testing.TB) string {
	dir, err := os.MkdirTemp("", "redis")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func freePort(tb testing.TB) string {
	port, err := process.FreePorts(1)
	if err != nil {
		tb.Fatal(err)
	}
	return strconv.Itoa(port)
}
