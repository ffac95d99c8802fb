package operations

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The commands that the test's own program answers to by these names, on the path of a page's commands.
const (
	systemctl = "systemctl"
	shown     = "shown" // has the test look at what the commands so far have done
)

// socketVariable names the socket where the test serves them.
const socketVariable = "DCR_OPERATIONS"

// relay sends a command line to the test, prints the answer, and returns the exit code. The test's own program is this
// command too, so that nothing has to be installed.
func relay(name string, arguments []string) int {
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", os.Getenv(socketVariable))
	}}}
	answer, err := client.Post("http://test/"+name, "text/plain", strings.NewReader(strings.Join(arguments, " ")))
	if err != nil {
		fmt.Fprintln(os.Stderr, name, err)
		return 1
	}
	defer answer.Body.Close()
	_, _ = io.Copy(os.Stderr, answer.Body)
	if answer.StatusCode != http.StatusOK {
		return 1
	}
	return 0
}

// serve answers the relay until the test ends.
func (h *host) serve(tb testing.TB) {
	tb.Helper()
	listener, err := net.Listen("unix", h.path("test.sock"))
	if err != nil {
		tb.Fatal(err)
	}
	mux := http.NewServeMux()
	for name, do := range map[string]func(words string) error{systemctl: h.systemctl, shown: h.shown} {
		mux.HandleFunc("/"+name, func(w http.ResponseWriter, r *http.Request) {
			var words bytes.Buffer
			_, _ = words.ReadFrom(r.Body)
			if err := do(words.String()); err != nil {
				http.Error(w, fmt.Sprintf("%s %s: %v", name, &words, err), http.StatusInternalServerError)
			}
		})
	}
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(listener) }()
	tb.Cleanup(func() { _ = server.Close() })
}

// systemctl does what the verbs of the pages do with units.
func (h *host) systemctl(words string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	arguments := slices.DeleteFunc(strings.Fields(words), func(word string) bool { return word == "--now" })
	if len(arguments) == 0 {
		return fmt.Errorf("no verb")
	}
	verb := arguments[0]
	if verb == "daemon-reload" {
		return h.readUnits()
	}
	units := make([]*unit, 0, len(arguments))
	for _, name := range arguments[1:] {
		u := h.units[strings.TrimSuffix(name, ".service")]
		if u == nil {
			return fmt.Errorf("unit %s is not there", name)
		}
		units = append(units, u)
	}
	slices.SortStableFunc(units, func(a, b *unit) int {
		switch {
		case a.after(b):
			return 1
		case b.after(a):
			return -1
		}
		return 0
	})
	switch verb {
	case "start", "enable":
		return each(units, func(u *unit) error { return u.start(h.root, h.users) })
	case "stop":
		slices.Reverse(units)
		return each(units, func(u *unit) error { return u.stop(h.root) })
	case "restart":
		for _, u := range slices.Backward(units) {
			if err := u.stop(h.root); err != nil {
				return err
			}
		}
		return each(units, func(u *unit) error { return u.start(h.root, h.users) })
	case "reload":
		return each(units, func(u *unit) error { u.reload(); return nil })
	}
	return fmt.Errorf("unknown verb")
}

func each(units []*unit, do func(*unit) error) error {
	for _, u := range units {
		if err := do(u); err != nil {
			return fmt.Errorf("%s: %w", u.name, err)
		}
	}
	return nil
}

// readUnits reads the units that are installed. Those that run go on.
func (h *host) readUnits() error {
	files, err := filepath.Glob(h.path("etc/systemd/system/*.service"))
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(filepath.Base(file), ".service")
		read := readUnit(h.tb, name, string(text))
		if before := h.units[name]; before != nil {
			read.process = before.process
		}
		h.units[name] = read
	}
	return nil
}

// stopAll ends what still runs.
func (h *host) stopAll() {
	for _, u := range h.units {
		if u.process != nil {
			u.process.End(time.Second)
		}
	}
}
