package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// maxReasons is how many errors of one file the log lists; the status has all of them.
const maxReasons = 10

// refuse records and logs why the file on disk is not active. The part keeps its previous version.
func (f *Follower) refuse(ctx context.Context, version string, cause error) error {
	refused, reasons := cause.Error(), []string{firstLine(cause)}
	problems, _ := errors.AsType[yamlfile.Problems](cause)
	if problems != nil {
		refused, reasons = explain(problems)
	}
	f.mu.Lock()
	if last := f.status.File; last.Version == version && last.Refused == refused {
		f.mu.Unlock()
		return cause // already reported
	}
	now := time.Now()
	f.status.File = FileStatus{Path: f.path, Version: version, Refused: refused, Problems: problems}
	f.status.LastError, f.status.LastErrorAt = reasons[0], &now
	f.status.Refusals++
	consequence := "the previous version stays active"
	switch {
	case f.live != nil:
	case f.history.State().Live != 0:
		consequence = "the last good version is used"
	default:
		consequence = "there is no version to use instead"
	}
	f.mu.Unlock()
	f.log.ErrorContext(ctx, "configuration rejected; "+consequence, "version", version, "cause", reasons)
	return cause
}

// explain returns a summary for the status and the first errors for the log, neither of which quotes a line of the file.
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
