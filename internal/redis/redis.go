// Package redis connects to Redis: to one server, to a primary that sentinels watch, or to a cluster.
package redis

import (
	"crypto/tls"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	timeout = 500 * time.Millisecond // of a dial, a write, a read; a context that ends earlier is obeyed

	// A reply that is lost with its connection is asked for once more, so every write must bear being sent twice.
	retries = 1

	// How old a cluster's map may be. A client learns of a dead primary from a newer map alone.
	clusterReload = time.Second
)

// Open returns a client of the Redis that a URL names. It checks the URL and does not connect. The URLs are
//
//	redis://user:password@host:6379/0
//	unix://user:password@/path/of/socket?db=0
//	redis+sentinel://user:password@sentinel1:26379,sentinel2:26379/0?master=name
//	redis+cluster://user:password@host1:6379,host2:6379
//
// and the three with hosts also with rediss for redis: over TLS, verified against the system's roots. Errors hold
// nothing of the URL, which may hold a password.
func Open(url string) (goredis.UniversalClient, error) {
	a, err := parse(url)
	if err != nil {
		return nil, err
	}
	logging.Disable() // for the whole process: a failure is its caller's to log, once and in the log's form
	switch a.kind {
	case cluster:
		return goredis.NewClusterClient(a.clusterOptions()), nil
	case sentinel:
		return goredis.NewFailoverClient(a.failoverOptions()), nil
	}
	return goredis.NewClient(a.options()), nil
}

func (a *address) options() *goredis.Options {
	network := "tcp"
	if a.kind == socket {
		network = "unix"
	}
	return &goredis.Options{
		Network:   network,
		Addr:      a.hosts[0],
		Username:  a.user,
		Password:  a.password,
		DB:        a.db,
		TLSConfig: a.tlsConfig(),

		ContextTimeoutEnabled: true,
		DialTimeout:           timeout,
		ReadTimeout:           timeout,
		WriteTimeout:          timeout,
		DialerRetries:         1,
		MaxRetries:            retries,

		PipelinePoolSize:         -1, // one pool of connections
		DisableIdentity:          true,
		MaintNotificationsConfig: noNotifications(),
	}
}

// A failover client never asks for maintenance notifications.
func (a *address) failoverOptions() *goredis.FailoverOptions {
	return &goredis.FailoverOptions{
		MasterName:    a.master,
		SentinelAddrs: a.hosts,
		Username:      a.user,
		Password:      a.password,
		DB:            a.db,
		TLSConfig:     a.tlsConfig(),

		ContextTimeoutEnabled: true,
		DialTimeout:           timeout,
		ReadTimeout:           timeout,
		WriteTimeout:          timeout,
		DialerRetries:         1,
		MaxRetries:            retries,

		PipelinePoolSize: -1,
		DisableIdentity:  true,
	}
}

// A cluster's client retries as part of following redirects, not in each node's client.
func (a *address) clusterOptions() *goredis.ClusterOptions {
	return &goredis.ClusterOptions{
		Addrs:     a.hosts,
		Username:  a.user,
		Password:  a.password,
		TLSConfig: a.tlsConfig(),

		ContextTimeoutEnabled: true,
		DialTimeout:           timeout,
		ReadTimeout:           timeout,
		WriteTimeout:          timeout,
		DialerRetries:         1,

		ClusterStateReloadInterval: clusterReload,
		DisableRoutingPolicies:     true, // they ask for COMMAND without regard to the caller's deadline
		DisableIdentity:            true,
		MaintNotificationsConfig:   noNotifications(),
	}
}

func (a *address) tlsConfig() *tls.Config {
	if !a.tls {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12}
}

// Redis 7.0 and the managed services do not know them: asking costs a failed command for each connection.
func noNotifications() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}
