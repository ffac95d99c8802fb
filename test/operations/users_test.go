package operations

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Users are those that systemd-sysusers has made below the host's root. They are known by their numbers alone, so that this
// machine gets no users.
type users struct {
	ids    map[string]string // of users, by name
	groups map[string]string // of groups
}

// readUsers has the real systemd-sysusers make the users of the units.
func readUsers(tb testing.TB, root string) *users {
	tb.Helper()
	conf, err := filepath.Abs(filepath.Join(pagesFolder, "units", "dcr-gateway.conf"))
	if err != nil {
		tb.Fatal(err)
	}
	if out, err := exec.CommandContext(tb.Context(), "systemd-sysusers", "--root="+root, conf).CombinedOutput(); err != nil {
		tb.Fatalf("systemd-sysusers: %v\n%s", err, out)
	}
	read := func(name string) map[string]string {
		text, err := os.ReadFile(filepath.Join(root, "etc", name))
		if err != nil {
			tb.Fatal(err)
		}
		ids := map[string]string{"root": "0"}
		for line := range strings.Lines(string(text)) {
			if fields := strings.Split(line, ":"); len(fields) > 2 {
				ids[fields[0]] = fields[2]
			}
		}
		return ids
	}
	return &users{read("passwd"), read("group")}
}

// group is the number of a group.
func (u *users) group(name string) string { return u.groups[name] }

// as is the command line that runs another as the user of a unit, and ends it with this process. Without root there is none:
// the command runs as whoever tests.
func (u *users) as(unit *unit) []string {
	user := unit.value("User")
	if os.Geteuid() != 0 || user == "" {
		return nil
	}
	command := []string{"setpriv", "--pdeathsig", "KILL", "--reuid", u.ids[user], "--regid", u.groups[unit.value("Group")]}
	if more := unit.value("SupplementaryGroups"); more != "" {
		return append(command, "--groups", u.groups[more], "--")
	}
	return append(command, "--clear-groups", "--")
}

// own gives a folder to the user of a unit.
func (u *users) own(folder string, unit *unit) error {
	if os.Geteuid() != 0 || unit.value("User") == "" {
		return nil
	}
	user, err := strconv.Atoi(u.ids[unit.value("User")])
	if err != nil {
		return err
	}
	group, err := strconv.Atoi(u.groups[unit.value("Group")])
	if err != nil {
		return err
	}
	return os.Chown(folder, user, group)
}

// readable are the files below a folder that the process of a unit can read.
func (h *host) readable(unit, folder string) ([]string, error) {
	as := h.users.as(h.units[unit])
	if as == nil {
		return nil, fmt.Errorf("only root can ask as another user")
	}
	out, err := exec.CommandContext(h.tb.Context(), as[0], append(as[1:], "find", folder, "-type", "f", "-readable", "-printf", "%P\n")...).Output()
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(out)), nil
}
