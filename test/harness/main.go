package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
)

// Main runs the tests of a package in a world that they share, and returns the exit code. start gets the program, which is
// built for them, and the world. When they have ended the world's logs are checked, by CheckLogs and by what the package
// checks itself. After a failure the world's files are kept. When the tests run with the race detector, so does the program.
func Main(m *testing.M, start func(program string, world *World), checks ...func(*World) error) int {
	return runAll(m, Options{}, Race, start, checks)
}

// MainRecorded is Main, and compares what the parts connect to with what `dcr-gateway egress` lists. A whole run, of all tests,
// must connect to each of these.
func MainRecorded(m *testing.M, whole bool, start func(program string, world *World), checks ...func(*World) error) int {
	return runAll(m, Options{Record: true}, Race, start, append(checks, func(w *World) error { return w.CheckEgress(whole) }))
}

// MainLean is Main with a program without the race detector, with which everything takes ten times as long: for tests that
// lead the program nowhere where the scenarios and the reloads do not lead it with the race detector.
func MainLean(m *testing.M, start func(program string, world *World)) int {
	return runAll(m, Options{}, false, start, nil)
}

func runAll(m *testing.M, o Options, race bool, start func(string, *World), checks []func(*World) error) int {
	code, err := runIn(m, o, race, start, checks)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	return code
}

func runIn(m *testing.M, o Options, race bool, start func(string, *World), checks []func(*World) error) (code int, err error) {
	dir, err := os.MkdirTemp("", "dcr-tests")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if o.Program, err = Build(context.Background(), dir, race); err != nil {
		return 1, err
	}
	world, err := Start(context.Background(), o)
	if err != nil {
		return 1, err
	}
	start(o.Program, world)
	code = m.Run()
	err = world.endAndCheck(checks)
	if code != 0 || err != nil {
		fmt.Fprintln(os.Stderr, "the world's files are kept in", world.Dir)
		return code, err
	}
	return 0, os.RemoveAll(world.Dir)
}

// New starts a world for one test and ends it with the test. Its logs are checked then, as those of Main's world are.
func New(tb testing.TB, o Options, checks ...func(*World) error) *World {
	tb.Helper()
	w, err := Start(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := w.endAndCheck(checks); err != nil {
			tb.Error(err)
		}
		if tb.Failed() {
			tb.Log("the world's files are kept in", w.Dir)
		} else if err := os.RemoveAll(w.Dir); err != nil {
			tb.Error(err)
		}
	})
	return w
}

func (w *World) endAndCheck(checks []func(*World) error) error {
	err := errors.Join(w.End(), w.CheckLogs())
	for _, check := range checks {
		err = errors.Join(err, check(w))
	}
	return err
}

// CheckLogs reads all that a world has logged, after it has ended: nothing secret is in it, and no data race.
func (w *World) CheckLogs() error {
	leaks, err := w.Leaks()
	if err != nil {
		return err
	}
	races, err := w.Races()
	if err != nil {
		return err
	}
	var wrong []error
	for _, what := range append(leaks, races...) {
		wrong = append(wrong, fmt.Errorf("logs: %s", what))
	}
	return errors.Join(wrong...)
}
