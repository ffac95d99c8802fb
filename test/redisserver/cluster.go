package redisserver

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Cluster is a Redis Cluster of three primaries, on the loopback interface. It ends with its test.
type Cluster struct {
	URL   string // as internal/redis opens it
	Nodes []*Server
}

// The slots of the three primaries.
var slots = []string{"0 5460", "5461 10922", "10923 16383"}

// StartCluster starts a cluster, keeps its data in dir and returns when it serves every slot. More arguments are handed
// to each redis-server.
func StartCluster(tb testing.TB, dir string, args ...string) *Cluster {
	tb.Helper()
	c := &Cluster{}
	var hosts []string
	var meet []string
	for i, mine := range slots {
		data := filepath.Join(dir, fmt.Sprintf("node%d", i))
		if err := os.Mkdir(data, 0o700); err != nil {
			tb.Fatal(err)
		}
		bus := freePort(tb)
		own := []string{"--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-node-timeout", "2000"}
		node := StartTCP(tb, data, append(own, args...)...)
		c.Nodes = append(c.Nodes, node)
		hosts = append(hosts, node.listen)
		host, port, _ := net.SplitHostPort(node.listen)
		meet = append(meet, fmt.Sprintf("CLUSTER MEET %s %s %s", host, port, bus))
		node.await(fmt.Sprintf("CLUSTER SET-CONFIG-EPOCH %d", i+1), isOK)
		node.await("CLUSTER ADDSLOTSRANGE "+mine, isOK)
	}
	for i, node := range c.Nodes {
		for j := range i {
			node.await(meet[j], isOK)
		}
	}
	for _, node := range c.Nodes {
		node.await("CLUSTER INFO", func(reply string) bool {
			return strings.Contains(reply, "cluster_state:ok") && strings.Contains(reply, "cluster_known_nodes:3")
		})
	}
	c.URL = "redis+cluster://" + strings.Join(hosts, ",")
	return c
}

func isOK(reply string) bool { return strings.HasPrefix(reply, "+OK") }
