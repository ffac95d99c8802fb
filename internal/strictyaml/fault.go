package strictyaml

import (
	"errors"
	"fmt"
	"strings"
)

// maxFaults bounds how many faults are reported. One more says that there are more.
const maxFaults = 50

// Fault is one thing that is wrong with what a file says, and where in it.
type Fault struct {
	Line, Column int    // from 1; 0 where it is not about a line
	Where        string // YAML path, as key_hosts[1]; empty where it is not about a key
	What         string
	Text         string // the line itself
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

// Invalid is everything that is wrong with a file.
type Invalid struct {
	What   string // is in the file: "directory"
	Path   string // of the file; the name of a shipped one
	Faults []*Fault
}

// Error names the file and prints a line for each fault.
func (e *Invalid) Error() string {
	lines := make([]string, len(e.Faults))
	for i, fault := range e.Faults {
		lines[i] = fault.Error()
	}
	return e.What + " " + e.Path + ": " + strings.Join(lines, "\n")
}

// Unwrap returns the faults.
func (e *Invalid) Unwrap() []error {
	list := make([]error, len(e.Faults))
	for i, fault := range e.Faults {
		list[i] = fault
	}
	return list
}

// Faults collects what is wrong with a file: up to a bound, beyond which one more says that there are more.
type Faults []*Fault

// Add notes what is wrong at a YAML path.
func (f *Faults) Add(path, format string, arguments ...any) {
	f.append(&Fault{Where: path, What: fmt.Sprintf(format, arguments...)})
}

// Failed notes an error that ended the reading of what stands at a path.
func (f *Faults) Failed(path string, err error) {
	f.append(&Fault{Where: path, What: err.Error(), cause: err})
}

func (f *Faults) append(fault *Fault) {
	if len(*f) == maxFaults {
		fault = &Fault{What: "and more"}
	}
	if len(*f) <= maxFaults {
		*f = append(*f, fault)
	}
}

// Unless notes what a value must be, where it is not.
func (f *Faults) Unless(ok bool, path, must string) {
	if !ok {
		f.Add(path, "must %s", must)
	}
}

// Each checks every item of a list.
func (f *Faults) Each(path string, items []string, ok func(string) bool, must string) {
	for i, item := range items {
		f.Unless(ok(item), fmt.Sprintf("%s[%d]", path, i), must)
	}
}

// Err says where in the file's text the faults are, as an *Invalid; it is nil when there are none. what is in the file.
func (f *Faults) Err(what, path string, text []byte) error {
	if len(*f) == 0 {
		return nil
	}
	locate(text, *f)
	show(text, *f)
	return &Invalid{What: what, Path: path, Faults: *f}
}

// Unread is the *Invalid of a file that was not read, or not even decoded. err may be a *Fault or of Decode.
func Unread(what, path string, text []byte, err error) error {
	var faults Faults
	if unknown, ok := errors.AsType[Unknown](err); ok {
		for _, one := range unknown {
			faults.append(&Fault{Line: one.Line, Column: one.Column, What: one.What})
		}
	} else if found, ok := errors.AsType[*Error](err); ok {
		faults.append(&Fault{Line: found.Line, Column: found.Column, What: found.What, cause: err})
	} else if fault, ok := errors.AsType[*Fault](err); ok {
		faults.append(fault)
		locate(text, faults)
	} else {
		faults.append(&Fault{What: err.Error(), cause: err})
	}
	show(text, faults)
	return &Invalid{What: what, Path: path, Faults: faults}
}

// show gives each fault the line that it is at.
func show(text []byte, list Faults) {
	lines := strings.Split(string(text), "\n")
	for _, fault := range list {
		if fault.Line > 0 && fault.Line <= len(lines) {
			fault.Text = strings.TrimRight(lines[fault.Line-1], "\r")
		}
	}
}
