//go:build chart

// Package render renders the chart with each major version of Helm, and looks at what comes of it. It needs no cluster: helm
// and helm3 are found on PATH.
package render

import (
	"bytes"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const (
	chart       = "../../../charts/dcr-gateway"
	kubeVersion = "1.36.3" // a helm that was built from its module names none
)

// helms are the programs, by the major version that a test names.
var helms = map[string]string{"helm 4": "helm", "helm 3": "helm3"}

// each runs a test with each Helm that is there. Helm 4 must be.
func each(t *testing.T, test func(t *testing.T, helm string)) {
	t.Helper()
	for name, program := range helms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, err := exec.LookPath(program)
			if err != nil && program == "helm3" {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			test(t, path)
		})
	}
}

// run runs helm and returns its output and its errors.
func run(t *testing.T, helm string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), helm, args...)
	var out, wrong bytes.Buffer
	command.Stdout, command.Stderr = &out, &wrong
	command.Env = append(command.Environ(), "KUBECONFIG=/dev/null")
	err = command.Run()
	return out.String(), wrong.String(), err
}

// refused renders with values that cannot be used, and returns what helm says.
func refused(t *testing.T, helm string, args ...string) string {
	t.Helper()
	_, stderr, err := run(t, helm, templateArgs(args)...)
	if err == nil {
		t.Fatalf("helm renders %q", args)
	}
	return spaces.ReplaceAllString(stderr, " ")
}

var spaces = regexp.MustCompile(`\s+`)

func templateArgs(args []string) []string {
	return append([]string{"template", "bank", chart, "--namespace", "dcr", "--kube-version", kubeVersion}, args...)
}

// An object is one of Kubernetes'.
type object map[string]any

// A release is what an installation would make, with the objects of hooks, by kind and name.
type release map[string]object

// template renders the chart as the release bank in the namespace dcr.
func template(t *testing.T, helm string, args ...string) release {
	t.Helper()
	stdout, stderr, err := run(t, helm, templateArgs(args)...)
	if err != nil {
		t.Fatalf("helm template %q: %v\n%s", args, err, stderr)
	}
	all := release{}
	for text := range strings.SplitSeq(stdout, "\n---\n") {
		var o object
		if err := yaml.Unmarshal([]byte(text), &o); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if len(o) == 0 {
			continue
		}
		key := o.text("kind") + " " + o.text("metadata.name")
		if _, twice := all[key]; twice {
			t.Errorf("%s is there twice", key)
		}
		all[key] = o
	}
	return all
}

// the returns an object by its kind and name.
func (r release) the(t *testing.T, kind, name string) object {
	t.Helper()
	o, ok := r[kind+" "+name]
	if !ok {
		t.Fatalf("there is no %s %s", kind, name)
	}
	return o
}

// get follows a path of keys with dots between; KEY[NAME] is the element of the list KEY whose name is NAME. It returns nil
// where nothing is.
func (o object) get(path string) any {
	var at any = map[string]any(o)
	for _, step := range strings.Split(path, ".") {
		key, name, inList := strings.Cut(strings.TrimSuffix(step, "]"), "[")
		m, _ := at.(map[string]any)
		at = m[strings.ReplaceAll(key, "~", ".")]
		if !inList {
			continue
		}
		list, _ := at.([]any)
		at = nil
		for _, element := range list {
			if m, ok := element.(map[string]any); ok && m["name"] == name {
				at = m
			}
		}
	}
	return at
}

// text is get for text; "" where there is none.
func (o object) text(path string) string {
	text, _ := o.get(path).(string)
	return text
}

// list is get for a list of texts.
func (o object) list(path string) []string {
	var all []string
	elements, _ := o.get(path).([]any)
	for _, element := range elements {
		if text, ok := element.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

// shown is a value as fmt writes it, with the keys of maps in order.
func shown(value any) string { return fmt.Sprint(value) }
