// Package decision writes and reads the one log line of each decision. A line holds ids, outcomes and times; it never holds a
// token, a statement, an assertion, a key or any part of the request. Use it for decisions only; other events go to slog.
package decision

import (
	"context"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Outcomes of a decision.
const (
	Allowed = "allowed" // by the gate
	Done    = "done"    // by the registry
	Refused = "refused" // the request is at fault
	Failed  = "failed"  // the gateway or a part behind it is at fault; the request is denied too
)

// A Line is one decision.
type Line struct {
	ID          string // also in the log line of the registry, and of Envoy's access log
	Interaction string // x-fapi-interaction-id, which the client sees
	Route       string
	Method      string
	Outcome     string
	Status      int
	Rule        string // that refused; "" if allowed
	Code        string // error code of the response
	Cause       error  // for the log only
	Client      string
	Software    string
	Org         string
	Certificate string // thumbprint
	Version     string // of routes.yaml
	Took        time.Duration
	Chain       []Step   // the checks that ran; if a check refused the request, it is the last
	Findings    []string // all findings, each as its rule and a JSON pointer
}

// A Step is a check that ran, and how long it took.
type Step struct {
	Check string
	Took  time.Duration
}

// steps formats a chain as "certificate:12 bearer:80": the checks and their microseconds.
func steps(chain []Step) string {
	var text []byte
	for i, step := range chain {
		if i > 0 {
			text = append(text, ' ')
		}
		text = append(append(text, step.Check...), ':')
		text = strconv.AppendInt(text, step.Took.Microseconds(), 10)
	}
	return string(text)
}

// Write logs the line: failures at level error, everything else at level info.
func (l Line) Write(ctx context.Context, log *slog.Logger) {
	level := slog.LevelInfo
	if l.Outcome == Failed {
		level = slog.LevelError
	}
	attributes := []slog.Attr{
		slog.String("id", l.ID), slog.String("outcome", l.Outcome), slog.Int("status", l.Status),
		slog.String("route", l.Route), slog.String("method", l.Method), slog.Int64("took_us", l.Took.Microseconds()),
	}
	for _, optional := range []struct{ name, value string }{
		{"rule", l.Rule}, {"error", l.Code}, {"interaction", l.Interaction}, {"client", l.Client}, {"software", l.Software},
		{"org", l.Org}, {"certificate", l.Certificate}, {"version", l.Version}, {"chain", steps(l.Chain)},
		{"findings", strings.Join(l.Findings, ", ")},
	} {
		if optional.value != "" {
			attributes = append(attributes, slog.String(optional.name, optional.value))
		}
	}
	if l.Cause != nil {
		attributes = append(attributes, slog.String("cause", l.Cause.Error()))
	}
	log.LogAttrs(ctx, level, "decision", attributes...)
}

// A File is where a log goes. It is safe for concurrent use.
type File struct {
	path string // "" for standard error
	mu   sync.Mutex
	file *os.File
	lost uint64
}

// Open returns a logger of JSON lines to a file, opened for appending, or to standard error if path is "".
func Open(path string, level slog.Level) (*slog.Logger, *File, error) {
	f := &File{path: path, file: os.Stderr}
	if path != "" {
		var err error
		if f.file, err = open(path); err != nil {
			return nil, nil, err
		}
	}
	return slog.New(slog.NewJSONHandler(f, &slog.HandlerOptions{Level: level})), f, nil
}

func open(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
}

// Write implements io.Writer.
func (f *File) Write(line []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.file.Write(line)
	if err != nil {
		f.lost++
	}
	return n, err
}

// Lost returns how many lines could not be written since the start: nobody else says so when a disk is full.
func (f *File) Lost() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lost
}

// Reopen goes on in a file of the same name: the one before was renamed. If there can be no such file the log goes on in
// the one before.
func (f *File) Reopen() error {
	if f.path == "" {
		return nil
	}
	file, err := open(f.path)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.file
	f.file = file
	return before.Close()
}

// Close closes the file. Standard error stays open: the process says there why it ends, after the log is closed.
func (f *File) Close() error {
	if f.path == "" {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.Close()
}
