package harness

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/cli/egress"
	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/internal/history"
	"github.com/dcr-gateway/dcr-gateway/sandbox/world"
)

// recorded are the parts whose connections are recorded.
var recorded = []string{Gate, Registry, Envoy}

// recordInto has the parts of a world started under strace, which sees each connection that a process and its children make.
// It is no parent of theirs (-D), so that tests can signal them, and only connects stop them (--seccomp-bpf).
func recordInto(o *world.Options) (folder string, err error) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		return "", nil // the Makefile installs it where it is to be had
	}
	if folder, err = os.MkdirTemp("", "dcr-record"); err != nil {
		return "", err
	}
	o.Under = func(part string) []string {
		if !slices.Contains(recorded, part) {
			return nil
		}
		return []string{strace, "-D", "-f", "-qq", "--seccomp-bpf", "-yy", "-A", "-e", "trace=connect", "-e", "signal=none", "-o", filepath.Join(folder, part)}
	}
	return folder, nil
}

// connect is a line of strace about a connection over IP: protocol, port and address.
var connect = regexp.MustCompile(`(?m)^\d+ +connect\(\d+<(\w+):.*?sin6?_port=htons\((\d+)\).*?(?:inet_addr\(|AF_INET6, )"([^"]+)"`)

// connections are what a part has connected to since the world began: PROTOCOL ADDRESS:PORT.
func (w *World) connections(part string) (map[string]bool, error) {
	text, err := os.ReadFile(filepath.Join(w.record, part))
	found := map[string]bool{}
	for _, line := range connect.FindAllStringSubmatch(string(text), -1) {
		protocol := strings.TrimSuffix(line[1], "v6")
		found[protocol+" "+net.JoinHostPort(line[3], line[2])] = true
	}
	return found, err
}

// Connects reports whether a part has connected to HOST:PORT since the world began. It is always true in a world that is not
// recorded.
func (w *World) Connects(tb testing.TB, part, address string) bool {
	tb.Helper()
	if w.record == "" {
		return true
	}
	made, err := w.connections(part)
	if err != nil {
		tb.Fatal(err)
	}
	return made["TCP "+address]
}

// expected are what `dcr-gateway egress` says for a part, under each version that the gate has served.
func (w *World) expected() (all map[string]map[string]bool, err error) {
	versions, err := history.Open(w.Path("run/gate-state"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, versions.Close()) }()
	entries, err := versions.List()
	if err != nil || len(entries) == 0 {
		return nil, fmt.Errorf("the gate has kept %d versions: %w", len(entries), err)
	}
	all = map[string]map[string]bool{Gate: {}, Registry: {}, Envoy: {}}
	for _, entry := range entries {
		var files []config.File
		for _, file := range entry.Files {
			files = append(files, config.File(file))
		}
		version, err := config.Restore(w.Dir, files)
		if err != nil {
			return nil, err
		}
		list, err := egress.List(version, egress.Flags{Redis: w.File.Redis, Collector: w.collector})
		if err != nil {
			return nil, err
		}
		for _, d := range list {
			all[d.Process]["TCP "+d.Address()] = true
		}
	}
	return all, nil
}

// CheckEgress compares what gate, registry and Envoy have connected to with what `dcr-gateway egress` says, after the world
// has ended: they have connected to nothing else and, if all is set, to each of these. In a world that is not recorded
// there is nothing to compare.
func (w *World) CheckEgress(all bool) error {
	if w.record == "" {
		return nil
	}
	expected, err := w.expected()
	var wrong []error
	for _, part := range recorded {
		made, failed := w.connections(part)
		err = errors.Join(err, failed)
		for _, to := range slices.Sorted(maps.Keys(made)) {
			if !expected[part][to] {
				wrong = append(wrong, fmt.Errorf("egress: the %s has connected to %s, which `dcr-gateway egress` does not list", part, to))
			}
		}
		for _, to := range slices.Sorted(maps.Keys(expected[part])) {
			if all && !made[to] {
				wrong = append(wrong, fmt.Errorf("egress: the %s has not connected to %s, which `dcr-gateway egress` lists", part, to))
			}
		}
	}
	return errors.Join(err, errors.Join(wrong...), os.RemoveAll(w.record))
}
