package redisserver

import (
	"fmt"
	"net"
	"runtime"
	"strconv"
	"sync"
	"testing"
)

// databases is how many tests of one package may use its server.
const databases = 10_000

// shared is the server of Shared.
var shared struct {
	sync.Mutex
	daemon *daemon // nil before its first use
	used   int     // databases
}

// Shared returns an empty database of a server that all tests of a package share. The server has no files: what it held is
// lost when a test stops or kills it, and a test that does so must not run beside others.
func Shared(tb testing.TB) *Server {
	tb.Helper()
	if runtime.GOOS != "linux" { // elsewhere a child outlives its parent, and nobody would end the server
		return Start(tb, tb.TempDir(), "--appendonly", "no")
	}
	shared.Lock()
	defer shared.Unlock()
	if shared.daemon == nil {
		port := freePort(tb)
		shared.daemon = &daemon{network: "tcp", listen: net.JoinHostPort("127.0.0.1", port), args: []string{
			"--port", port, "--bind", "127.0.0.1", "--save", "", "--databases", strconv.Itoa(databases),
		}}
	}
	s := &Server{tb: tb, URL: fmt.Sprintf("redis://%s/%d", shared.daemon.listen, shared.used), daemon: shared.daemon}
	shared.used++
	if s.process == nil {
		s.Start()
	}
	return s
}
