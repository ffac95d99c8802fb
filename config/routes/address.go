package routes

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// maxSocketPath is what every Unix has room for in a socket's address.
const maxSocketPath = 103

// An Address is where a server listens: a Unix socket, or a host and a port.
type Address struct {
	Socket string // path of a Unix socket; "" where there is a host
	Host   string // IP or DNS name
	Port   uint16
}

// IsIP says whether the host is an IP address, so that nothing needs to be looked up.
func (a Address) IsIP() bool {
	_, err := netip.ParseAddr(a.Host)
	return err == nil
}

// ParseAddress reads unix:PATH or HOST:PORT. A relative PATH is relative to the working directory of the process that
// uses it.
func ParseAddress(text string) (Address, error) {
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		if path == "" || len(path) > maxSocketPath || strings.HasPrefix(path, "@") {
			return Address{}, errors.New("unix: needs the path of a socket, at most 103 bytes")
		}
		return Address{Socket: path}, nil
	}
	host, digits, err := net.SplitHostPort(text)
	if err != nil || host == "" {
		return Address{}, errors.New("must be unix:PATH or HOST:PORT")
	}
	port, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || port == 0 {
		return Address{}, errors.New("must end with a port from 1 to 65535")
	}
	return Address{Host: host, Port: uint16(port)}, nil
}

// Addresses are those of servers that are equals. The file may name one alone, without a list around it.
type Addresses []string
