// Package redis connects to Redis: to one server, to a primary behind Sentinel, or to a cluster. Use it for every connection:
// it sets the timeouts and retries that the stores rely on, and keeps passwords out of errors.
package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	timeout = 500 * time.Millisecond // of a dial, a write, a read; a context may end earlier

	// A command whose reply is lost with the connection is sent once more, so every write must be idempotent.
	retries = 1

	// How old a cluster's slot map may be. A client learns about a dead primary only from a newer map.
	clusterReload = time.Second
)

// Open returns a client for a URL. It checks the URL and does not connect. The forms are
//
//	redis://user:password@host:6379/0
//	unix://user:password@/path/of/socket?db=0
//	redis+sentinel://user:password@sentinel1:26379,sentinel2:26379/0?master=name
//	redis+cluster://user:password@host1:6379,host2:6379
//
// and the three with hosts also with rediss for redis: TLS, verified against the system's roots. Parameters name files:
// password_file for every form; for those with TLS ca_file, instead of the system's roots, and cert_file and key_file, a client
// certificate. They must be usable when Open is called, and are read again for each new connection. Errors quote nothing of
// the URL, which may hold a password, but the names of its files.
func Open(url string) (goredis.UniversalClient, error) { return OpenWith(url, Hooks{}) }

// Hooks are what a caller wants to know of its connections. Each may be nil.
type Hooks struct {
	// Connected gets each new connection before it is used.
	Connected func(context.Context, *goredis.Conn) error
	// Files gets what keeps the files of the URL from being used, at each new connection, and nil when nothing does. The
	// last ones stay in use meanwhile.
	Files func(error)
}

// OpenWith is Open with hooks.
func OpenWith(url string, hooks Hooks) (goredis.UniversalClient, error) {
	o, files, err := parse(url)
	if err != nil {
		return nil, err
	}
	files.report = hooks.Files
	if err := files.apply(o); err != nil {
		return nil, err
	}
	o.OnConnect = hooks.Connected
	logging.Disable() // for the whole process: callers log failures, once and in the log's format
	client := dial(o)
	client.AddHook(newTraced(o))
	return client, nil
}

func dial(o *goredis.UniversalOptions) goredis.UniversalClient {
	switch {
	case o.IsClusterMode:
		return goredis.NewClusterClient(clusterOptions(o))
	case o.MasterName != "":
		return goredis.NewFailoverClient(o.Failover())
	}
	return goredis.NewClient(o.Simple())
}

// TLSFiles returns the files that a URL names for the client's certificate and for the CAs of Redis; "" where it names none.
func TLSFiles(url string) (certificate, ca string) {
	_, named, err := parse(url)
	if err != nil {
		return "", ""
	}
	return named.certificate, named.ca
}

// parse parses a URL. go-redis parses URLs of one server, so further hosts and the name of a primary are cut out first. No
// library error is passed on, because it may quote the password.
func parse(raw string) (*goredis.UniversalOptions, *files, error) {
	scheme, rest, _ := strings.Cut(raw, "://")
	base, kind, _ := strings.Cut(scheme, "+")
	port, known := map[string]string{"redis": "6379", "redis+cluster": "6379", "redis+sentinel": "26379", "unix": ""}[strings.Replace(scheme, "rediss", "redis", 1)]
	if !known {
		return nil, nil, errors.New("redis url: the scheme is not redis, rediss, unix, redis+sentinel or redis+cluster")
	}
	rest, query, _ := strings.Cut(rest, "?")
	end := strings.IndexByte(rest+"/", '/')
	at := strings.LastIndexByte(rest[:end], '@') + 1
	hosts, err := splitHosts(rest[at:end], port)
	if err != nil {
		return nil, nil, err
	}
	if len(hosts) > 1 && kind == "" {
		return nil, nil, errors.New("redis url: several hosts need redis+sentinel or redis+cluster")
	}
	parameters, err := url.ParseQuery(query)
	if err != nil {
		return nil, nil, errors.New("redis url: the query is not well-formed")
	}
	files, err := cutFiles(parameters, strings.HasPrefix(scheme, "rediss"))
	if err != nil {
		return nil, nil, err
	}
	if !only(parameters, map[string]string{"unix": "db", "redis+sentinel": "master", "rediss+sentinel": "master"}[scheme]) {
		return nil, nil, errors.New("redis url: a parameter of the query is unknown here, or given twice")
	}
	one, err := goredis.ParseURL(base + "://" + rest[:at] + hosts[0] + rest[end:] + "?" + url.Values{"db": parameters["db"]}.Encode())
	if err != nil || one.DB < 0 || strings.Contains(raw, "#") {
		return nil, nil, errors.New("redis url: not well-formed; the database is a number, and special characters of a password are percent-encoded")
	}
	if kind == "cluster" && one.DB != 0 {
		return nil, nil, errors.New("redis url: a cluster has no numbered databases")
	}
	if port == "" {
		hosts[0] = one.Addr // the path of the socket
	}
	if kind == "sentinel" && parameters.Get("master") == "" {
		return nil, nil, errors.New("redis url: sentinels need the primary's name: ?master=name")
	}
	return settings(one, hosts, kind == "cluster", parameters.Get("master")), files, nil
}

// splitHosts returns each host with its port.
func splitHosts(text, port string) ([]string, error) {
	hosts := strings.Split(text, ",")
	if port == "" {
		if text != "" {
			return nil, errors.New("redis url: unix wants the absolute path of a socket and no host: unix:///path")
		}
		return hosts, nil
	}
	for i, host := range hosts {
		if !strings.Contains(host, ":") || strings.HasSuffix(host, "]") {
			host += ":" + port
		}
		name, port, err := net.SplitHostPort(host)
		if n, wrong := strconv.ParseUint(port, 10, 16); err != nil || wrong != nil || n == 0 || name == "" {
			return nil, fmt.Errorf("redis url: host %d is not host or host:port", i+1)
		}
		hosts[i] = host
	}
	return hosts, nil
}

// only reports whether a query has at most one parameter, of this name. go-redis knows many more, some of which turn
// protections off.
func only(query url.Values, name string) bool {
	return len(query) == 0 || len(query) == 1 && len(query[name]) == 1
}

// settings are the settings of all clients.
func settings(one *goredis.Options, hosts []string, cluster bool, master string) *goredis.UniversalOptions {
	if one.TLSConfig != nil {
		one.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12} // without the name of the first host: each has its own
	}
	return &goredis.UniversalOptions{
		Addrs:         hosts,
		Username:      one.Username,
		Password:      one.Password,
		DB:            one.DB,
		TLSConfig:     one.TLSConfig,
		IsClusterMode: cluster,
		MasterName:    master,

		ContextTimeoutEnabled: true,
		DialTimeout:           timeout,
		ReadTimeout:           timeout,
		WriteTimeout:          timeout,
		DialerRetries:         1,
		MaxRetries:            retries,

		PipelinePoolSize: -1, // one pool of connections
		DisableIdentity:  true,
		// Redis 7.0 and the managed services do not know notifications: asking costs a failed command for each connection.
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

func clusterOptions(o *goredis.UniversalOptions) *goredis.ClusterOptions {
	c := o.Cluster()
	c.MaxRetries = 0 // the cluster client retries while it follows redirects; node clients must not
	c.ClusterStateReloadInterval = clusterReload
	c.DisableRoutingPolicies = true // they send COMMAND and ignore the caller's deadline
	return c
}

// Servers returns the HOST:PORT of each server that a URL names. Behind Sentinels, and in a cluster, there are more, which
// only they know: more says so. A Unix socket has none.
func Servers(url string) (servers []string, more bool, err error) {
	o, _, err := parse(url)
	if err != nil || strings.HasPrefix(url, "unix:") {
		return nil, false, err
	}
	return o.Addrs, o.MasterName != "" || o.IsClusterMode, nil
}
