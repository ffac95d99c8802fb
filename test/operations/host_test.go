// Package operations runs the commands of the pages for operators, docs/operations/*.md, as they stand there: in order, in
// one shell, on a host of their own whose root is a folder. The host is installed by the page about systemd, from the units
// that are shown there; systemctl starts and ends real processes as the units say. A world of the sandbox is around it: a
// directory, a bank, TPPs. Redis is a real server with TLS and an ACL user. TPPs register and call all the time.
package operations

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
	"github.com/dcr-gateway/dcr-gateway/test/pages"
)

// pagesFolder is where the pages are.
const pagesFolder = "../../docs/operations"

// A host is a machine with gate, registry, Envoy and Redis as systemd units.
type host struct {
	tb    testing.TB
	root  string
	world *harness.World
	ports struct{ redis, secureRedis, redis2, secureRedis2, gate, edge, registry, network, bank string }
	more  []string // of old and new texts, for what a page needs that is not on every host
	pki   *authority

	mu    sync.Mutex // of systemctl
	units map[string]*unit

	checks map[string]func() error // what a page's marks name
	seen   map[string]bool         // the marks that were met
	users  *users
}

// newHost makes a host that nothing is installed on but Redis, the two programs, and the site's own files.
func newHost(t *testing.T) *host {
	t.Helper()
	root, err := os.MkdirTemp("", "ops") // short, for the sockets in it
	if err != nil {
		t.Fatal(err)
	}
	h := &host{tb: t, root: root, units: map[string]*unit{}, checks: map[string]func() error{}, seen: map[string]bool{}}
	t.Cleanup(func() {
		h.stopAll()
		if t.Failed() {
			t.Log("the host's files are kept in", root)
		} else if err := os.RemoveAll(root); err != nil {
			t.Error(err)
		}
	})
	for _, port := range []*string{&h.ports.redis, &h.ports.secureRedis, &h.ports.redis2, &h.ports.secureRedis2, &h.ports.gate, &h.ports.edge, &h.ports.registry, &h.ports.network, &h.ports.bank} {
		number, err := process.FreePorts(1)
		h.must(err)
		*port = strconv.Itoa(number)
	}
	h.pki = newAuthority(t)
	for _, folder := range []string{"journal", "run", "home", "etc/systemd/system", "etc/redis", "etc/logrotate.d", "usr/lib/sysusers.d", "usr/local/bin", "var/lib/redis", "var/log", "var/backups", "var/www"} {
		h.must(os.MkdirAll(h.path(folder), 0o755))
	}
	h.must(os.Chmod(root, 0o755))
	h.users = readUsers(t, root)
	h.serve(t)
	h.redis()
	h.surround(t)
	h.site()
	return h
}

func (h *host) path(name string) string { return filepath.Join(h.root, name) }

func (h *host) must(err error) {
	h.tb.Helper()
	if err != nil {
		h.tb.Fatal(err)
	}
}

func (h *host) write(name, text string) {
	h.tb.Helper()
	h.must(os.MkdirAll(filepath.Dir(h.path(name)), 0o755))
	h.must(os.WriteFile(h.path(name), []byte(text), 0o600))
}

func (h *host) read(name string) string {
	h.tb.Helper()
	text, err := os.ReadFile(h.path(name))
	h.must(err)
	return string(text)
}

// redis installs and starts Redis, as Debian's package does: a server that loses nothing, with TLS for an ACL user.
func (h *host) redis() {
	h.pki.issue(h.tb, "redis").Write(h.tb, h.path("etc/redis/tls"))
	h.write("etc/redis/clients-ca.pem", string(h.pki.first.PEM()))
	h.write("etc/redis/users.acl", "user default on nopass ~* &* +@all\nuser gateway on >first-password ~* &* +@all -@dangerous +info +keys\n")
	h.write("etc/redis/redis.conf", strings.Join([]string{
		"bind 127.0.0.1", "port " + h.ports.redis, "tls-port " + h.ports.secureRedis, "tls-auth-clients yes",
		"tls-cert-file " + h.path("etc/redis/tls.pem"), "tls-key-file " + h.path("etc/redis/tls.key"), "tls-ca-cert-file " + h.path("etc/redis/clients-ca.pem"),
		"aclfile " + h.path("etc/redis/users.acl"), "dir " + h.path("var/lib/redis"), "appendonly yes", "appendfsync always", "save \"\"",
		"maxmemory-policy noeviction", "daemonize no", "",
	}, "\n"))
	server, err := exec.LookPath("redis-server")
	h.must(err)
	h.write("etc/systemd/system/redis-server.service", "[Service]\nExecStart="+server+" "+h.path("etc/redis/redis.conf")+"\nTimeoutStopSec=10\n")
	h.must(h.systemctl("daemon-reload"))
	h.must(h.systemctl("start redis-server"))
}

// surround starts a world, and ends its own gateway: the host's has its ports.
func (h *host) surround(t *testing.T) {
	t.Helper()
	h.world = harness.New(t, harness.Options{Program: program, Redis: "redis://127.0.0.1:" + h.ports.redis + "/0"})
	for _, part := range []string{harness.Envoy, harness.Gate, harness.Registry} {
		h.must(h.world.Kill(part))
	}
	for name, program := range map[string]string{"dcr-gateway": program, "envoy": h.envoy()} {
		h.must(exec.Command("install", "-m", "0755", program, h.path("usr/local/bin/"+name)).Run()) // where every user may execute it
	}
	self, err := os.Executable()
	h.must(err)
	h.must(os.Mkdir(h.path("bin"), 0o755))
	for _, name := range []string{systemctl, shown} {
		h.must(os.Symlink(self, h.path("bin/"+name)))
	}
	sysusers, err := exec.LookPath("systemd-sysusers")
	h.must(err)
	h.must(os.WriteFile(h.path("bin/systemd-sysusers"), []byte("#!/bin/sh\nexec "+sysusers+" --root="+h.root+" \"$@\"\n"), 0o755))
}

// envoy is the program that the world runs.
func (h *host) envoy() string {
	argv := h.world.File.Processes[harness.Envoy].Argv
	for i, word := range argv {
		if word == "--" {
			return argv[i+1]
		}
	}
	h.tb.Fatal("the world has no envoy")
	return ""
}

// site is what a bank has of its own: routes.yaml and what it names, in the folder where the page's commands run.
func (h *host) site() {
	text, err := h.world.Routes()
	h.must(err)
	h.write("home/site/routes.yaml", strings.ReplaceAll(text, "unix:run/registry.sock", "unix:"+h.path("run/dcr-registry/registry.sock")))
	for _, name := range []string{"directory.yaml", "cdr.yaml", "server-ca.pem", "tls", "directory"} {
		h.must(exec.Command("cp", "-R", h.world.Path(name), h.path("home/site/")).Run())
	}
	for _, file := range must(filepath.Glob(filepath.Join(pagesFolder, "units", "*"))) {
		h.write("home/units/"+filepath.Base(file), h.here(string(must(os.ReadFile(file)))))
	}
	h.write("home/site/redis/password", "first-password\n")
	h.write("home/site/redis/ca.pem", string(h.pki.first.PEM()))
	h.pki.issue(h.tb, "client").Write(h.tb, h.path("home/site/redis/client"))
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

var (
	ourPaths = regexp.MustCompile(`(^|[\s"'=:(@])/(etc|run|var|usr/local|usr/lib)/`)
	owners   = regexp.MustCompile(` -[og] (root|dcr-[a-z]+)\b|(?m)^ch(own|grp) .*$`)
	accounts = regexp.MustCompile(`( -[og] |^chown .*:|\nchown .*:|\nchgrp )(dcr-[a-z]+)`)
)

// here is a text of a page or a unit as this machine has it: paths below the host's root, ports that are free, and no users,
// which only the installation of a real machine makes.
func (h *host) here(text string) string {
	if strings.Contains(text, h.root) { // it is already
		return text
	}
	mtls, public := must(url.Parse(h.world0("mtls"))), must(url.Parse(h.world0("public")))
	text = strings.NewReplacer(h.more...).Replace(text)
	text = strings.NewReplacer(
		"/bin/sleep 10", "/bin/sleep 4", // the test's balancer asks more often than others
		"127.0.0.1:9100", "127.0.0.1:"+h.ports.gate, "127.0.0.1:9101", "127.0.0.1:"+h.ports.edge, "127.0.0.1:9102", "127.0.0.1:"+h.ports.registry,
		"redis-2.bank.example:6379", "127.0.0.1:"+h.ports.secureRedis2, "-h redis-2.bank.example", "-h 127.0.0.1 -p "+h.ports.redis2,
		"redis.bank.example:6379", "127.0.0.1:"+h.ports.secureRedis, "-h redis.bank.example", "-h 127.0.0.1 -p "+h.ports.redis,
		"gateway.bank.example:8443", mtls.Host, "gateway.bank.example:8444", public.Host,
	).Replace(text)
	return ourPaths.ReplaceAllString(h.owned(text), "${1}"+h.root+"/${2}/")
}

// owned names the users and groups of a page's commands by their numbers on this host. Without root nobody is changed: the
// commands then say nothing about owners.
func (h *host) owned(text string) string {
	if os.Geteuid() != 0 {
		return owners.ReplaceAllString(text, "")
	}
	return accounts.ReplaceAllStringFunc(text, func(match string) string {
		parts := accounts.FindStringSubmatch(match)
		return parts[1] + h.users.group(parts[2])
	})
}

// world0 is the address of a listener; before there is a world there is none.
func (h *host) world0(listener string) string {
	switch {
	case h.world == nil:
		return ""
	case listener == "public":
		return h.world.File.Issuer
	}
	return h.world.MTLS()
}

// run runs the commands of a page. One that fails fails the test.
func (h *host) run(page string) {
	h.tb.Helper()
	file := filepath.Join(pagesFolder, page)
	script := h.path("home/" + page + ".sh")
	h.must(os.WriteFile(script, []byte(h.here(pages.Story(h.tb, file, "sh", shown))), 0o600))
	command := exec.CommandContext(h.tb.Context(), "sh", "-eux", script)
	command.Dir = h.path("home")
	command.Env = append(os.Environ(), "PATH="+h.path("bin")+":"+h.path("usr/local/bin")+":"+os.Getenv("PATH"), socketVariable+"="+h.path("test.sock"),
		"ADMIN_REDIS_URL=redis://127.0.0.1:"+h.ports.redis)
	out, err := command.CombinedOutput()
	if err != nil {
		h.tb.Fatalf("%s: %v\n%s", page, err, out)
	}
	h.tb.Logf("%s:\n%s", page, out)
}

// shown runs what a mark of a page names.
func (h *host) shown(name string) error {
	check := h.checks[name]
	if check == nil {
		return fmt.Errorf("the test knows no check of this name")
	}
	h.seen[name] = true
	return check()
}
