package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"syscall"
)

// alive is a connection over TLS that go-redis can ask whether Redis has closed it meanwhile. A tls.Conn cannot be asked, and
// every connection of the pool that is dead then costs a command one of its two attempts: after a restart of Redis requests
// would fail although Redis is there.
type alive struct {
	*tls.Conn
	wire syscall.Conn // below TLS
}

// dialTLS connects, and makes the handshake.
func dialTLS(ctx context.Context, network, address string, settings *tls.Config) (net.Conn, error) {
	dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: timeout}, Config: settings}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	over, isTLS := conn.(*tls.Conn)
	if !isTLS {
		return conn, nil
	}
	wire, isSystem := over.NetConn().(syscall.Conn)
	if !isSystem {
		return conn, nil
	}
	return alive{over, wire}, nil
}

// SyscallConn implements syscall.Conn. Its Read is what go-redis asks.
func (a alive) SyscallConn() (syscall.RawConn, error) {
	raw, err := a.wire.SyscallConn()
	return idle{raw}, err
}

// idle is an idle connection below TLS.
type idle struct{ syscall.RawConn }

var errSpoke = errors.New("redis has sent something that nobody asked for")

// Read asks only a connection on which nothing has arrived. Redis sends nothing of its own accord: whatever is there says that
// the connection ends, and is encrypted, so that go-redis must not read it as a reply.
func (i idle) Read(ask func(fd uintptr) bool) error {
	var found error
	if err := i.RawConn.Read(func(fd uintptr) bool {
		var first [1]byte
		n, _, err := syscall.Recvfrom(int(fd), first[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case n > 0:
			found = errSpoke
		case err == nil:
			found = io.EOF
		case !errors.Is(err, syscall.EAGAIN):
			found = err
		}
		return true
	}); err != nil {
		return err
	}
	if found != nil {
		return found
	}
	return i.RawConn.Read(ask)
}
