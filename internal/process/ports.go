package process

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
)

// FreePorts searches below the ephemeral ports: an outgoing connection could take one of those before its server listens.
const (
	firstPort = 10_000
	endPort   = 32_000
	tries     = 500
)

var errNoPorts = errors.New("there are not enough free ports in a row")

// FreePorts returns the first of n consecutive free TCP ports on 127.0.0.1. It reserves them, by holding the UDP ports of the
// same numbers: while this process lives, no other caller of FreePorts receives them, in this process or another. So they
// are still free when the program that they are for begins to listen.
func FreePorts(n int) (first int, err error) {
	for range tries {
		first = firstPort + rand.IntN(endPort-firstPort-n) //nolint:gosec // only to keep callers apart
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

// hold keeps a UDP port until the process ends. It avoids package net, which closes unreferenced sockets.
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

// unused returns nil if a program could listen on the TCP port.
func unused(port int) error {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))) //nolint:noctx // closed at once
	if err != nil {
		return err
	}
	return listener.Close()
}
