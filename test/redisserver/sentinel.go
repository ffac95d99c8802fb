package redisserver

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// StartSentinel starts a sentinel that watches a server of StartTCP under the name "primary", and returns when it has
// found it. Its URL leads to the server.
func StartSentinel(tb testing.TB, dir string, primary *Server) *Server {
	tb.Helper()
	host, watched, _ := net.SplitHostPort(primary.listen)
	config := filepath.Join(dir, "sentinel.conf") // a sentinel writes it anew
	text := fmt.Sprintf("sentinel monitor primary %s %s 1\nsentinel down-after-milliseconds primary 1000\n", host, watched)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	port := freePort(tb)
	listen := net.JoinHostPort("127.0.0.1", port)
	s := &Server{tb: tb, URL: "redis+sentinel://" + listen + "?master=primary", daemon: &daemon{network: "tcp", listen: listen}}
	s.args = []string{config, "--sentinel", "--port", port, "--bind", "127.0.0.1", "--dir", dir}
	s.begin(dir)
	s.await("SENTINEL CKQUORUM primary", func(reply string) bool { return strings.HasPrefix(reply, "+OK") })
	return s
}
