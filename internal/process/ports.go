package process

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
)

// FreePorts are looked for below the ports that systems give to outgoing connections: one of those could take ours
// before we do.
const (
	firstPort = 10_000
	endPort   = 32_000
	tries     = 500
)

var errNoPorts = errors.New("there are not enough free ports in a row")

// FreePorts returns the first of n TCP ports in a row that nothing uses on 127.0.0.1. No other caller gets one of them, in
// this process or another, as long as this process lives: the UDP ports of the same numbers are held as a sign. So they
// are still free when a program that was given their numbers gets round to listening.
func FreePorts(n int) (first int, err error) {
	for range tries {
		first = firstPort + rand.IntN(endPort-firstPort-n) //nolint:gosec // callers are to be apart, nothing more
		if reserve(first, n) {
			return first, nil
		}
	}
	return 0, errNoPorts
}

func reserve(first, n int) bool {
	var signs []int
	for port := first; port < first+n; port++ {
		sign, err := hold(port)
		if err == nil {
			signs = append(signs, sign)
			err = unused(port)
		}
		if err != nil {
			for _, sign := range signs {
				_ = syscall.Close(sign)
			}
			return false
		}
	}
	return true
}

// hold takes a UDP port until the process ends. It does so without the net package, which closes a socket that nobody
// keeps.
func hold(port int) (descriptor int, err error) {
	syscall.ForkLock.RLock()
	descriptor, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err == nil {
		syscall.CloseOnExec(descriptor)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return 0, err
	}
	if err := syscall.Bind(descriptor, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, errors.Join(err, syscall.Close(descriptor))
	}
	return descriptor, nil
}

// unused is nil where a program could listen on the TCP port.
func unused(port int) error {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))) //nolint:noctx // it is only a look
	if err != nil {
		return err
	}
	return listener.Close()
}
