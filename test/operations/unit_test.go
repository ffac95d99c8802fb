package operations

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
)

// A unit is a service of systemd, as far as it says how a process is started and ended. The host does with it what systemd
// does, but for users and hardening, which systemd-analyze judges.
type unit struct {
	name    string
	values  map[string][]string // by key, in their order
	process *process.Process    // nil while it is stopped
}

// readUnit reads a unit file whose paths are those of this machine already.
func readUnit(tb testing.TB, name, text string) *unit {
	tb.Helper()
	u := &unit{name: name, values: map[string][]string{}}
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		line = strings.TrimSpace(line)
		if key, value, assigns := strings.Cut(line, "="); assigns && !strings.HasPrefix(line, "#") {
			u.values[key] = append(u.values[key], value)
		}
	}
	return u
}

func (u *unit) value(key string) string { return strings.Join(u.values[key], " ") }

// after reports whether systemd starts this unit after another and stops it before.
func (u *unit) after(other *unit) bool {
	return slices.Contains(strings.Fields(u.value("After")), other.name+".service")
}

// environment reads the unit's file of variables.
func (u *unit) environment() (map[string]string, error) {
	all := map[string]string{}
	file := u.value("EnvironmentFile")
	if file == "" {
		return all, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		if name, value, assigns := strings.Cut(strings.TrimSpace(line), "="); assigns && !strings.HasPrefix(name, "#") {
			all[name] = strings.Trim(value, `"`)
		}
	}
	return all, nil
}

// argv is the command line. A word that is a variable becomes the words of its value.
func (u *unit) argv(environment map[string]string) []string {
	var argv []string
	for _, word := range strings.Fields(u.value("ExecStart")) {
		if name, variable := strings.CutPrefix(word, "$"); variable {
			argv = append(argv, strings.Fields(environment[name])...)
			continue
		}
		argv = append(argv, word)
	}
	return argv
}

// folders makes those that systemd makes before it starts the process.
func (u *unit) folders(root string, users *users) error {
	for key, parent := range map[string]string{"RuntimeDirectory": "run", "StateDirectory": "var/lib", "LogsDirectory": "var/log"} {
		for _, name := range strings.Fields(u.value(key)) {
			mode, err := strconv.ParseUint(u.value(key+"Mode"), 8, 32)
			if err != nil {
				return err
			}
			folder := filepath.Join(root, parent, name)
			if err := os.MkdirAll(folder, os.FileMode(mode)); err != nil {
				return err
			}
			if err := users.own(folder, u); err != nil {
				return err
			}
		}
	}
	return nil
}

// start starts the unit if it is stopped. Like systemd with Type=exec it does not wait until it serves.
func (u *unit) start(root string, users *users) error {
	if u.process != nil && !u.process.EndsWithin(0) {
		return nil
	}
	environment, err := u.environment()
	if err != nil {
		return err
	}
	if err := u.folders(root, users); err != nil {
		return err
	}
	u.process, err = process.Start(process.Command{
		Name: u.name, Argv: append(users.as(u), u.argv(environment)...), Dir: root, Env: environment, Output: filepath.Join(root, "journal", u.name),
	})
	return err
}

// stop ends the unit as systemd does with KillMode=mixed: SIGTERM to the main process alone. What it left in its runtime
// folder is gone.
func (u *unit) stop(root string) error {
	if u.process == nil {
		return nil
	}
	seconds, err := strconv.Atoi(u.value("TimeoutStopSec"))
	if err != nil {
		return err
	}
	for _, command := range u.values["ExecStop"] {
		words := strings.Fields(strings.TrimPrefix(command, "-"))
		out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
		if err != nil && !strings.HasPrefix(command, "-") {
			return fmt.Errorf("%s: %w: %s", command, err, out)
		}
	}
	u.process.End(time.Duration(seconds) * time.Second)
	u.process = nil
	for _, name := range strings.Fields(u.value("RuntimeDirectory")) {
		if err := os.RemoveAll(filepath.Join(root, "run", name)); err != nil {
			return err
		}
	}
	return nil
}

// reload does what ExecReload says: all units have SIGHUP there.
func (u *unit) reload() {
	if u.process != nil {
		u.process.Signal(syscall.SIGHUP)
	}
}
