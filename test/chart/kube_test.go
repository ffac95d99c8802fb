//go:build chart

package chart

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
	"time"
)

// patience is how long anything in a cluster may take that is expected to happen.
const patience = 3 * time.Minute

// run runs a program with this input and returns its output, or an error with what it wrote to its standard error.
func run(input string, program string, args ...string) (string, error) {
	command := exec.Command(program, args...)
	command.Stdin = strings.NewReader(input)
	var out, errors bytes.Buffer
	command.Stdout, command.Stderr = &out, &errors
	if err := command.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w\n%s%s", program, strings.Join(args, " "), err, out.String(), errors.String())
	}
	return out.String(), nil
}

func kubectl(tb testing.TB, args ...string) string {
	tb.Helper()
	out, err := run("", "kubectl", args...)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// apply applies manifests, with the strictest validation of their fields.
func apply(tb testing.TB, manifests string) {
	tb.Helper()
	if _, err := run(manifests, "kubectl", "apply", "--validate=strict", "-f", "-"); err != nil {
		tb.Fatal(err)
	}
}

// applyIn is apply for manifests that name no namespace.
func applyIn(tb testing.TB, namespace, manifests string) {
	tb.Helper()
	if _, err := run(manifests, "kubectl", "apply", "--validate=strict", "-n", namespace, "-f", "-"); err != nil {
		tb.Fatal(err)
	}
}

// object reads an object of the cluster.
func object(tb testing.TB, into any, args ...string) {
	tb.Helper()
	text := kubectl(tb, append([]string{"get", "-o", "json"}, args...)...)
	if err := json.Unmarshal([]byte(text), into); err != nil {
		tb.Fatal(err)
	}
}

// filled is a file of testdata with its template filled.
func filled(file string, data any) (string, error) {
	made, err := template.ParseFiles(filepath.Join("testdata", file))
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = made.Execute(&out, data)
	return out.String(), err
}

// fill is filled for a test.
func fill(tb testing.TB, file string, data any) string {
	tb.Helper()
	text, err := filled(file, data)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// eventually waits until what is asked is so. what says it for the message, and why is the last reason that it is not.
func eventually(tb testing.TB, what string, is func() (why error)) {
	tb.Helper()
	began := time.Now()
	for {
		why := is()
		if why == nil {
			return
		}
		if time.Since(began) > patience {
			tb.Fatalf("after %s: %s: %v", patience, what, why)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// newNamespace makes a namespace with restricted Pod Security, which ends with the test. If the test fails, what is in
// it is printed before.
func newNamespace(tb testing.TB, name string) string {
	tb.Helper()
	apply(tb, "{apiVersion: v1, kind: Namespace, metadata: {name: "+name+", labels: {pod-security.kubernetes.io/enforce: restricted}}}")
	tb.Cleanup(func() {
		if tb.Failed() {
			explain(tb, name)
		}
		_, _ = run("", "kubectl", "delete", "namespace", name, "--wait=false")
	})
	return name
}

// explain prints what is known about a namespace: its events, its pods and their logs.
func explain(tb testing.TB, namespace string) {
	for _, args := range [][]string{
		{"get", "events", "--sort-by=.lastTimestamp"}, {"get", "all", "-o", "wide"}, {"describe", "pods"},
	} {
		text, err := run("", "kubectl", append(args, "-n", namespace)...)
		tb.Logf("kubectl %s -n %s: %v\n%s", strings.Join(args, " "), namespace, err, text)
	}
	names, _ := run("", "kubectl", "get", "pods", "-n", namespace, "-o", "name")
	for _, pod := range strings.Fields(names) {
		for _, previous := range []string{"--previous=false", "--previous"} {
			text, err := run("", "kubectl", "logs", "-n", namespace, pod, "--all-containers", "--prefix", "--tail=40", previous)
			if err == nil || previous == "--previous=false" {
				tb.Logf("logs %s of %s: %v\n%s", previous, pod, err, text)
			}
		}
	}
}

// release is the chart installed under a name.
type release struct {
	name, namespace string
	helm            string // program
	chart           string // folder or archive
	values          []string
}

// helmed runs helm for the release with its values.
func (r *release) helmed(verb string, args ...string) (string, error) {
	all := append([]string{verb, r.name, r.chart, "-n", r.namespace, "--wait", "--timeout", patience.String()}, r.values...)
	return run("", r.helm, append(all, args...)...)
}

// install installs a chart with these values, each an argument of helm.
func install(tb testing.TB, helm, name, namespace, chart string, values ...string) *release {
	tb.Helper()
	r := &release{name: name, namespace: namespace, helm: helm, chart: chart, values: values}
	if _, err := r.helmed("install"); err != nil {
		tb.Fatal(err)
	}
	return r
}

// upgrade upgrades the release with more values.
func (r *release) upgrade(tb testing.TB, values ...string) {
	tb.Helper()
	if _, err := r.helmed("upgrade", values...); err != nil {
		tb.Fatal(err)
	}
}

// uninstall removes the release.
func (r *release) uninstall(tb testing.TB) {
	tb.Helper()
	if _, err := run("", r.helm, "uninstall", r.name, "-n", r.namespace, "--wait", "--timeout", patience.String()); err != nil {
		tb.Fatal(err)
	}
}

// tested runs what the chart itself brings as a test.
func (r *release) tested(tb testing.TB) {
	tb.Helper()
	if _, err := run("", r.helm, "test", r.name, "-n", r.namespace, "--timeout", patience.String()); err != nil {
		tb.Fatal(err)
	}
}

// file writes a text to a file that ends with the test.
func file(tb testing.TB, name, text string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}
