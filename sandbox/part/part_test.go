package part

import (
	"context"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestServeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, "127.0.0.1:0", http.NotFoundHandler(), "", "") }()
	select {
	case err := <-ended:
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("it still serves")
	}
}

func TestServeSaysThatItsAddressIsTaken(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if err := Serve(t.Context(), listener.Addr().String(), http.NotFoundHandler(), "", ""); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("%v, want that the address is in use", err)
	}
}

func TestParse(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want int // exit code; -1 for help
	}{
		{"right", []string{"--number", "1"}, 0},
		{"wrong", []string{"--nonsense"}, UsageCode},
		{"help", []string{"-h"}, -1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			flags := flag.NewFlagSet("test", flag.ContinueOnError)
			flags.Int("number", 0, "")
			err := Parse(flags, test.args, io.Discard)
			var exit *Exit
			switch {
			case test.want == 0 && err != nil, test.want == -1 && !errors.Is(err, flag.ErrHelp):
				t.Error(err)
			case test.want > 0 && (!errors.As(err, &exit) || exit.ExitCode() != test.want || exit.Error() != ""):
				t.Errorf("%v, want exit code %d and nothing left to say", err, test.want)
			}
		})
	}
}
