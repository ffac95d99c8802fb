package directory

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/strictyaml"
)

// maxFaults bounds how many faults are reported. One more says that there are more.
const maxFaults = 50

// Fault is one thing that is wrong with a directory, and where in its file.
type Fault struct {
	Line, Column int    // from 1; 0 where it is not about a line
	Where        string // YAML path, as key_hosts[1]; empty where it is not about a key
	What         string
	cause        error
}

// Error says line, column and key, and what is wrong.
func (f *Fault) Error() string {
	text := f.What
	if f.Where != "" {
		text = f.Where + ": " + text
	}
	if f.Line > 0 {
		text = fmt.Sprintf("%d:%d: %s", f.Line, f.Column, text)
	}
	return text
}

// Unwrap returns the error of a file that could not be read.
func (f *Fault) Unwrap() error { return f.cause }

// Error is everything that is wrong with a directory.
type Error struct {
	Path   string // of its file; the name of a shipped one
	Faults []*Fault
}

// Error names the directory and prints a line for each fault.
func (e *Error) Error() string {
	lines := make([]string, len(e.Faults))
	for i, fault := range e.Faults {
		lines[i] = fault.Error()
	}
	return "directory " + e.Path + ": " + strings.Join(lines, "\n")
}

// Unwrap returns the faults.
func (e *Error) Unwrap() []error {
	list := make([]error, len(e.Faults))
	for i, fault := range e.Faults {
		list[i] = fault
	}
	return list
}

// faults collects what is wrong.
type faults []*Fault

func (f *faults) add(path, format string, arguments ...any) {
	f.append(&Fault{Where: path, What: fmt.Sprintf(format, arguments...)})
}

// failed notes an error that ended the reading of what stands at a path.
func (f *faults) failed(path string, err error) {
	f.append(&Fault{Where: path, What: err.Error(), cause: err})
}

func (f *faults) append(fault *Fault) {
	if len(*f) == maxFaults {
		fault = &Fault{What: "and more"}
	}
	if len(*f) <= maxFaults {
		*f = append(*f, fault)
	}
}

func (f *faults) unless(ok bool, path, must string) {
	if !ok {
		f.add(path, "must %s", must)
	}
}

// each checks every item of a list.
func (f *faults) each(path string, items []string, ok func(string) bool, must string) {
	for i, item := range items {
		f.unless(ok(item), fmt.Sprintf("%s[%d]", path, i), must)
	}
}

// err says where in the file's text the faults are; it is nil when there are none.
func (f *faults) err(path string, text []byte) error {
	if len(*f) == 0 {
		return nil
	}
	locate(text, *f)
	return &Error{Path: path, Faults: *f}
}

// refusal is the error of a file that was not read, or not even decoded.
func refusal(path string, text []byte, err error) error {
	fault, ok := errors.AsType[*Fault](err)
	if !ok {
		fault = &Fault{What: err.Error(), cause: err}
	}
	if found, ok := errors.AsType[*strictyaml.Error](err); ok {
		fault.Line, fault.Column, fault.What = found.Line, found.Column, found.What
	}
	if fault.Where != "" {
		locate(text, faults{fault})
	}
	return &Error{Path: path, Faults: faults{fault}}
}
