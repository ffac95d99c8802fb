package redis

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// kind is what is found at an address.
type kind int

const (
	server kind = iota
	socket
	sentinel
	cluster
)

// address is a URL, read.
type address struct {
	kind           kind
	tls            bool
	user, password string
	hosts          []string // host:port; the socket's path
	db             int
	master         string
}

// schemes are the URLs that Open understands.
var schemes = map[string]address{
	"redis":           {kind: server},
	"rediss":          {kind: server, tls: true},
	"unix":            {kind: socket},
	"redis+sentinel":  {kind: sentinel},
	"rediss+sentinel": {kind: sentinel, tls: true},
	"redis+cluster":   {kind: cluster},
	"rediss+cluster":  {kind: cluster, tls: true},
}

// parameters are what a URL's query may say.
var parameters = map[kind][]string{socket: {"db"}, sentinel: {"master"}}

var defaultPort = map[kind]string{server: ":6379", sentinel: ":26379", cluster: ":6379"}

// parse reads a URL. url.Parse takes one host only, so the hosts are cut out first.
func parse(raw string) (*address, error) {
	scheme, rest, _ := strings.Cut(raw, "://")
	a, known := schemes[scheme]
	if !known {
		return nil, errors.New("redis url: the scheme is not redis, rediss, unix, redis+sentinel or redis+cluster")
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	at := strings.LastIndexByte(rest[:end], '@') + 1
	u, err := url.Parse(scheme + "://" + rest[:at] + "host" + rest[end:])
	if err != nil || u.Fragment != "" { // err would quote the password
		return nil, errors.New("redis url: not well-formed; percent-encode special characters of the password")
	}
	a.user = u.User.Username()
	a.password, _ = u.User.Password()
	if err := errors.Join(a.readHosts(rest[at:end], u.Path), a.readQuery(u.RawQuery), a.readDB(u.Path)); err != nil {
		return nil, err
	}
	return &a, nil
}

func (a *address) readHosts(hosts, path string) error {
	if a.kind == socket {
		if hosts != "" || len(path) < 2 {
			return errors.New("redis url: unix wants the absolute path of a socket and no host: unix:///path")
		}
		a.hosts = []string{path}
		return nil
	}
	a.hosts = strings.Split(hosts, ",")
	if len(a.hosts) > 1 && a.kind == server {
		return errors.New("redis url: several hosts need redis+sentinel or redis+cluster")
	}
	for i, h := range a.hosts {
		complete, err := a.withPort(h)
		if err != nil {
			return fmt.Errorf("redis url: host %d is not host or host:port", i+1)
		}
		a.hosts[i] = complete
	}
	return nil
}

// withPort adds the default port where there is none.
func (a *address) withPort(host string) (string, error) {
	if !strings.Contains(host, ":") || strings.HasSuffix(host, "]") {
		host += defaultPort[a.kind]
	}
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return "", err
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || name == "" {
		return "", errors.New("no host or no port")
	}
	return host, nil
}

func (a *address) readQuery(raw string) error {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return errors.New("redis url: the query is not well-formed")
	}
	for name, values := range query {
		if !slices.Contains(parameters[a.kind], name) || len(values) != 1 {
			return errors.New("redis url: a parameter of the query is unknown here, or given twice")
		}
	}
	a.master = query.Get("master")
	if a.kind == sentinel && a.master == "" {
		return errors.New("redis url: sentinels need the primary's name: ?master=name")
	}
	if a.kind == socket && query.Has("db") {
		return a.setDB(query.Get("db"))
	}
	return nil
}

// readDB reads the number of the database, which is a server's path.
func (a *address) readDB(path string) error {
	number := strings.TrimPrefix(path, "/")
	switch {
	case a.kind == socket || number == "":
		return nil
	case a.kind == cluster:
		return errors.New("redis url: a cluster has no numbered databases")
	}
	return a.setDB(number)
}

func (a *address) setDB(number string) error {
	db, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return errors.New("redis url: the database is not a number")
	}
	a.db = int(db)
	return nil
}
