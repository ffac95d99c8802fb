package world

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// ports are the TCP ports of a world.
type ports struct {
	mtls, public, directory, bank, redis int
}

func (o Options) ports() ports {
	if o.Port == 0 {
		return ports{mtls: 8443, public: 8444, directory: 8445, bank: 8446, redis: 16379}
	}
	return ports{mtls: o.Port, public: o.Port + 1, directory: o.Port + 2, bank: o.Port + 3, redis: o.Port + 4}
}

// free says which of the ports are taken, all of them at once, before anything is started.
func (p ports) free(withRedis bool) error {
	type use struct {
		port int
		what string
	}
	uses := []use{
		{p.mtls, "the gateway's mTLS listener"},
		{p.public, "the gateway's public listener"},
		{p.directory, "the trust framework's directory"},
		{p.bank, "the bank's API"},
	}
	if withRedis {
		uses = append(uses, use{p.redis, "Redis"})
	}
	var taken []error
	for _, u := range uses {
		listener, err := net.Listen("tcp", loopback(u.port))
		if err != nil {
			taken = append(taken, fmt.Errorf("port %d, for %s, is not free: stop what uses it, or choose other ports with --port", u.port, u.what))
			continue
		}
		_ = listener.Close() // it was only a look
	}
	return errors.Join(taken...)
}

func loopback(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

func httpsURL(port int) string { return "https://" + loopback(port) }

// lastPort stays below the ports that systems give to clients: one of those could take ours before we do.
const lastPort = 32_760

// FreePorts finds five ports in a row that nobody uses.
func FreePorts() (int, error) {
	for base := 20000 + int(time.Now().UnixNano()%12000); base < lastPort; base += 5 {
		if (Options{Port: base}).ports().free(true) == nil {
			return base, nil
		}
	}
	return 0, errors.New("there are no five free ports in a row: name the first with --port")
}
