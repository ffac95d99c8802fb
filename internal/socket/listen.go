// Package socket opens the sockets that the parts of the gateway listen on, and serves on them until a context ends.
package socket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// Who may open a Unix socket.
const (
	OwnerOnly fs.FileMode = 0o600 // the user that this process runs as
	Group     fs.FileMode = 0o660 // Envoy too, which runs as another user of the same group
)

// maxPath is the longest path of a socket on every system.
const maxPath = 103

// A Local is the address of a Unix socket, "unix:PATH". It implements flag.Value, so that no other kind of address gets past
// a command line: on a network, anybody who reaches such an interface could use it.
type Local string

// String returns the address as it was given.
func (l Local) String() string { return string(l) }

// Set parses an address.
func (l *Local) Set(text string) error {
	path, isUnix := strings.CutPrefix(text, "unix:")
	switch {
	case !isUnix:
		return errors.New("must be unix:PATH, for whoever reaches it needs no password")
	case path == "", strings.HasPrefix(path, "@"), len(path) > maxPath:
		return fmt.Errorf("unix: needs the path of a socket, at most %d bytes", maxPath)
	}
	*l = Local(text)
	return nil
}

func (l Local) path() string { return strings.TrimPrefix(string(l), "unix:") }

// DialContext connects to the socket. It has the form that an http.Transport needs.
func (l Local) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "unix", l.path())
}

// Listen listens on the socket and lets those open it whom the mode names. It replaces the socket of a dead process, but not
// that of a live one.
func (l Local) Listen(ctx context.Context, mode fs.FileMode) (net.Listener, error) {
	if err := l.removeStale(ctx); err != nil {
		return nil, err
	}
	// On Linux the file gets the mode of the unbound socket, less the umask: it is never more open than the mode says.
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), uint32(mode)) }) // not on every system; Chmod follows
	}}
	listener, err := config.Listen(ctx, "unix", l.path())
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(l.path(), mode); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

func (l Local) removeStale(ctx context.Context) error {
	path := l.path()
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != os.ModeSocket:
		return fmt.Errorf("%s exists and is not a socket", path)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	connection, err := l.DialContext(ctx, "", "")
	if err == nil {
		return errors.Join(fmt.Errorf("another process listens on %s", path), connection.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%s: cannot tell whether another process listens there: %w", path, err)
	}
	return os.Remove(path)
}

// ListenTCP listens on "HOST:PORT".
func ListenTCP(ctx context.Context, address string) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, "tcp", address)
}
