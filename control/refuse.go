package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// maxReasons is how many faults of one file the log tells; the status has all of them.
const maxReasons = 10

// refuse notes why the disk is not in force; the part runs on what it ran on before.
func (f *Follower) refuse(ctx context.Context, version string, cause error) error {
	refused, reasons := cause.Error(), []string{firstLine(cause)}
	problems, _ := errors.AsType[yamlfile.Problems](cause)
	if problems != nil {
		refused, reasons = explain(problems)
	}
	f.mu.Lock()
	if last := f.status.File; last.Version == version && last.Refused == refused {
		f.mu.Unlock()
		return cause // it was looked at again
	}
	now := time.Now()
	f.status.File = FileStatus{Path: f.path, Version: version, Refused: refused, Problems: problems}
	f.status.LastError, f.status.LastErrorAt = reasons[0], &now
	f.status.Refusals++
	f.mu.Unlock()
	f.log.ErrorContext(ctx, "routes are refused, the version before stays in force", "version", version, "cause", reasons)
	return cause
}

// explain says how many errors there are, and what the first of them are: what the log tells, which never has a line of
// the file itself.
func explain(problems yamlfile.Problems) (refused string, reasons []string) {
	errors := 0
	for _, problem := range problems {
		if problem.Severity != yamlfile.Error {
			continue
		}
		if errors++; errors <= maxReasons {
			reasons = append(reasons, firstLine(problem))
		}
	}
	if errors == 1 {
		return "1 error: " + reasons[0], reasons
	}
	return fmt.Sprintf("%d errors, the first: %s", errors, reasons[0]), reasons
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

func (f *Follower) setAside(version, why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status.File = FileStatus{Path: f.path, Version: version, Refused: why}
}
