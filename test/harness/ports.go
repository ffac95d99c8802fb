package harness

import (
	"math/rand/v2"
	"net"
	"strconv"
)

const (
	// Below the ports that systems give to outgoing connections.
	firstPort, lastPort = 10_000, 32_000

	portsOfWorld = 5
	tries        = 200
)

// freePorts returns the first of as many free ports as a world uses, at random, since other tests look for some as well.
func freePorts() int {
	port := firstPort
	for range tries {
		port = firstPort + rand.IntN(lastPort-firstPort)
		if allFree(port) {
			break
		}
	}
	return port
}

func allFree(first int) bool {
	for port := first; port < first+portsOfWorld; port++ {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return false
		}
		if listener.Close() != nil {
			return false
		}
	}
	return true
}
