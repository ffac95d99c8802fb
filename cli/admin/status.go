package admin

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/control"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/registry"
)

// statuses are the statuses of several gates at one time.
type statuses struct {
	Gates []answered[partStatus] `json:"gates"`
	now   time.Time
}

// partStatus is the status of a gate, or of a registry, which has versions and no file.
type partStatus struct {
	control.Status
	Versions []registry.VersionStatus `json:"versions,omitempty"` // nil for a gate
}

// status shows what gates run on.
func status(ctx context.Context, c *call) error {
	all, well := askAll[partStatus](ctx, c, http.MethodGet, "/status")
	for _, one := range all {
		well = well && one.Said.Healthy // false already if a gate did not answer
	}
	if err := c.print(&statuses{Gates: all, now: time.Now()}); err != nil || well {
		return err
	}
	return refused
}

func (s *statuses) text() string {
	return gateByGate(s.Gates, func(text *strings.Builder, said *partStatus) {
		table := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
		line := func(key, format string, arguments ...any) {
			fmt.Fprintf(table, "  %s\t%s\n", key, fmt.Sprintf(format, arguments...))
		}
		if said.Versions != nil {
			s.registry(line, said)
		} else {
			s.gate(line, &said.Status)
		}
		_ = table.Flush() // into memory
		for _, problem := range slices.Concat(said.File.Problems, said.File.Warnings) {
			fmt.Fprintf(text, "    %s\n", strings.ReplaceAll(problem.Error(), "\n", "\n    "))
		}
	})
}

// registry prints a registry's status, a line for each version.
func (s *statuses) registry(line func(key, format string, arguments ...any), said *partStatus) {
	health(line, &said.Status)
	for _, version := range said.Versions {
		text := config.Short(version.Version) + ", last requested " + age(s.now, version.Asked) + " ago"
		if version.Fault != "" {
			text += ": " + strings.ReplaceAll(version.Fault, "\n", " ")
		}
		line("version", "%s", text)
	}
	orphans(line, &said.Status)
	s.store(line, &said.Status)
}

// store prints what is wrong with Redis.
func (s *statuses) store(line func(key, format string, arguments ...any), said *control.Status) {
	if said.Store.Why != "" {
		line("store", "DEGRADED for %s: %s", age(s.now, said.Store.Since), said.Store.Why)
	}
}

func health(line func(key, format string, arguments ...any), said *control.Status) {
	if said.Healthy {
		line("health", "healthy")
	} else {
		line("health", "UNHEALTHY: %s", said.Why)
	}
}

func orphans(line func(key, format string, arguments ...any), said *control.Status) {
	if orphans := said.Orphans; orphans.Requests > 0 {
		line("orphans", "%s FAILED: the file lacks what clients are registered under: %s", count(int(orphans.Requests), "request"), strings.Join(orphans.Missing, ", "))
	}
}

// gate prints one gate's status, a line for each thing.
func (s *statuses) gate(line func(key, format string, arguments ...any), said *control.Status) {
	if said.Version == "" {
		line("version", "none active")
	} else {
		line("version", "%s, %s, for %s, %s", config.Short(said.Version), count(said.Routes, "route"), age(s.now, said.Since), source(said))
	}
	health(line, said)
	switch file := said.File; {
	case file.Refused != "":
		line("file", "%s, version %s, IS NOT ACTIVE: %s", file.Path, orNone(config.Short(file.Version)), file.Refused)
	case len(file.Warnings) > 0:
		line("file", "%s, active, %s", file.Path, count(len(file.Warnings), "warning"))
	default:
		line("file", "%s, active", file.Path)
	}
	if said.LastErrorAt != nil {
		line("last error", "%s ago: %s", age(s.now, *said.LastErrorAt), strings.ReplaceAll(said.LastError, "\n", " "))
	}
	for _, directory := range said.Directories {
		if directory.Why != "" {
			line("directory", "%s, for %s", directory.Fault(), age(s.now, directory.Since))
		}
		if directory.Overdue > 0 {
			line("directory", "%s: %s CANNOT BE FETCHED AGAIN, the oldest of %ds ago: %s", directory.Name, count(directory.Overdue, "key set"), directory.Oldest, directory.Cause)
		}
	}
	orphans(line, said)
	s.store(line, said)
	line("since start", "%s activated, %d rejected", count(int(said.Reloads), "version"), said.Refusals)
	if len(said.Known) > 1 {
		line("decides under", "%s", strings.Join(short(said.Known), ", "))
	}
	if len(said.Known) > 0 && len(said.Envoys) == 0 {
		line("envoy", "NONE CONNECTED")
	}
	s.envoys(line, said)
}

// envoys prints what each Envoy has acknowledged, a line for each type of resource.
func (s *statuses) envoys(line func(key, format string, arguments ...any), said *control.Status) {
	for _, one := range said.Envoys {
		line("envoy", "%s, connected for %s", one.ID, age(s.now, one.Since))
		for _, name := range slices.Sorted(maps.Keys(one.Types)) {
			ack, text := one.Types[name], "nothing acknowledged yet"
			if ack.Version != "" {
				text = fmt.Sprintf("%s, acknowledged %s ago", config.Short(ack.Version), age(s.now, ack.At))
			}
			if ack.Refused != "" {
				text += "; REFUSED since: " + ack.Refused
			}
			line("  "+name, "%s", text)
		}
	}
}

// short returns versions in their short form.
func short(versions []string) []string {
	list := make([]string, len(versions))
	for i, version := range versions {
		list[i] = config.Short(version)
	}
	return list
}

// source says where the active version comes from.
func source(said *control.Status) string {
	switch {
	case said.Rollback > 0:
		return fmt.Sprintf("rolled back to entry %d", said.Rollback)
	case said.Source == control.FromHistory:
		return fmt.Sprintf("from the history, entry %d: the last good one", said.Entry)
	}
	return fmt.Sprintf("from the file, entry %d", said.Entry)
}

func orNone(text string) string {
	if text == "" {
		return "unknown"
	}
	return text
}

// age is how long ago something was, in the two largest units: 12s, 3m20s, 5h2m, 4d7h.
func age(now, then time.Time) string {
	seconds := max(0, int(now.Sub(then).Seconds()))
	switch {
	case seconds < 60:
		return fmt.Sprintf("%ds", seconds)
	case seconds < 3600:
		return fmt.Sprintf("%dm%ds", seconds/60, seconds%60)
	case seconds < 86400:
		return fmt.Sprintf("%dh%dm", seconds/3600, seconds%3600/60)
	}
	return fmt.Sprintf("%dd%dh", seconds/86400, seconds%86400/3600)
}
