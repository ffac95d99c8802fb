package routes

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// maxSocketPath is the longest socket path that every Unix supports.
const maxSocketPath = 103

// An Address is where a server listens: a Unix socket, or a host and a port.
type Address struct {
	Socket string // path of a Unix socket; "" if there is a host
	Host   string // IP or DNS name
	Port   uint16
}

// IsIP reports whether the host is an IP address, which needs no DNS.
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

// Addresses are the addresses of equivalent servers. The file may have a single one without a list.
type Addresses []string

// Rate is a number of requests per second, minute or hour: 10/s, 600/m, 1000/h. Its zero value is no limit.
type Rate struct {
	Count  uint32
	Period time.Duration
}

var periods = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}

var errRate = errors.New("must be a rate such as 10/s, 600/m or 1000/h")

// UnmarshalText reads a rate.
func (r *Rate) UnmarshalText(text []byte) error {
	digits, unit, _ := strings.Cut(string(text), "/")
	count, err := strconv.ParseUint(digits, 10, 20)
	period, known := periods[unit]
	if err != nil || !known || count == 0 {
		return errRate
	}
	*r = Rate{Count: uint32(count), Period: period}
	return nil
}

// String returns the rate as written in the file; "" if there is no limit.
func (r Rate) String() string {
	for unit, period := range periods {
		if period == r.Period {
			return strconv.FormatUint(uint64(r.Count), 10) + "/" + unit
		}
	}
	return ""
}

// Size is a number of bytes, written with its unit: 512B, 64KiB, 2MiB or 1GiB.
type Size uint64

// units are the units of a size, largest first.
var units = []struct {
	name  string
	bytes Size
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

var errSize = errors.New("must be a size with its unit, such as 512B, 64KiB or 2MiB")

// UnmarshalText reads a size. It refuses a number without a unit.
func (s *Size) UnmarshalText(text []byte) error {
	for _, unit := range units {
		if digits, ok := strings.CutSuffix(string(text), unit.name); ok {
			number, err := strconv.ParseUint(digits, 10, 30)
			if err != nil {
				return errSize
			}
			*s = Size(number) * unit.bytes
			return nil
		}
	}
	return errSize
}

// String returns the size as written in the file.
func (s Size) String() string {
	for _, unit := range units {
		if s >= unit.bytes && s%unit.bytes == 0 {
			return strconv.FormatUint(uint64(s/unit.bytes), 10) + unit.name
		}
	}
	return "0B"
}
