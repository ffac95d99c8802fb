package redisserver

import (
	"strings"
	"testing"
)

// What was answered is there again, after an orderly end and after kill -9.
func TestServerKeepsItsData(t *testing.T) {
	for name, start := range map[string]func(testing.TB, string, ...string) *Server{"unix": Start, "tcp": StartTCP} {
		s := start(t, t.TempDir())
		for _, end := range []func(){s.Stop, s.Kill} {
			s.await("INCR counter", func(reply string) bool { return strings.HasPrefix(reply, ":") })
			end()
			if _, err := s.ask("PING"); err == nil {
				t.Errorf("%s: it still answers", name)
			}
			s.Start()
		}
		if reply, err := s.ask("GET counter"); err != nil || !strings.Contains(reply, "\r\n2\r\n") {
			t.Errorf("%s: counter: %q %v", name, reply, err)
		}
	}
}

func TestLongDirectory(t *testing.T) {
	t.Run(strings.Repeat("long", 30), func(t *testing.T) {
		if _, err := Start(t, t.TempDir()).ask("PING"); err != nil {
			t.Error(err)
		}
	})
}
