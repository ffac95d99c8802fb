// Images makes the container images that the chart's tests deploy, as archives that the test cluster imports: the
// product as `make image` builds it, the same program of a later version, Envoy, Redis, kubectl, and the sandbox's
// directory and bank. Each is tagged with a digest of its content, so that a changed one is pulled anew wherever it goes.
//
//	images PROGRAMS DIR
//
// PROGRAMS is the folder of the test cluster's programs. DIR gets the archives, and images.json with their names.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/dcr-gateway/dcr-gateway/sandbox/envoybin"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: images PROGRAMS DIR")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// image is one to make out of files, each PATH or SOURCE=PATH in the image.
type image struct {
	name       string
	entrypoint string
	files      []string
}

func run(ctx context.Context, programs, dir string) error {
	envoy, err := envoybin.Path(func(note string) { fmt.Fprintln(os.Stderr, note) })
	if err != nil {
		return err
	}
	built := filepath.Join(dir, "programs")
	if err := os.MkdirAll(built, 0o750); err != nil {
		return err
	}
	product, err := made(ctx, dir)
	if err != nil {
		return err
	}
	for name, flags := range map[string][]string{
		"next":    {"-tags", "production", "-ldflags", "-s -w -X main.version=1.0.1-test"},
		"sandbox": {"-ldflags", "-s -w"},
	} {
		if err := build(ctx, filepath.Join(built, name), flags); err != nil {
			return err
		}
	}
	images := []image{
		{"test.local/pause:1", "/pause", []string{filepath.Join(programs, "pause") + "=/pause"}},
		{"test.local/dcr-gateway-next", "/dcr-gateway", []string{filepath.Join(built, "next") + "=/dcr-gateway", certificates}},
		{"test.local/envoy", "/usr/local/bin/envoy", []string{envoy + "=/usr/local/bin/envoy"}},
		{"test.local/redis", "/usr/bin/redis-server", []string{"/usr/bin/redis-server", "/usr/bin/redis-cli"}},
		{"test.local/kubectl", "/bin/kubectl", []string{filepath.Join(programs, "kubectl") + "=/bin/kubectl"}},
		// cp fills the directory's folder from a Secret.
		{"test.local/sandbox", "/dcr-gateway", []string{filepath.Join(built, "sandbox") + "=/dcr-gateway", "/bin/cp"}},
	}
	names := make([]string, len(images))
	var packing errgroup.Group
	for i, image := range images {
		packing.Go(func() (err error) {
			names[i], err = pack(ctx, programs, dir, image)
			return err
		})
	}
	if err := packing.Wait(); err != nil {
		return err
	}
	return writeNames(filepath.Join(dir, "images.json"), append(names, product))
}

// certificates is where Debian and our own image have the CAs of the world.
const certificates = "/etc/ssl/certs/ca-certificates.crt"

// build makes one static build of the program.
func build(ctx context.Context, out string, flags []string) error {
	command := exec.CommandContext(ctx, "go", append(append([]string{"build", "-trimpath", "-o", out}, flags...), ".")...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	command.Stderr = os.Stderr
	return command.Run()
}

// pack makes the archive and returns the image's whole name.
func pack(ctx context.Context, programs, dir string, of image) (string, error) {
	base, _, _ := strings.Cut(filepath.Base(of.name), ":")
	args := append([]string{"-out", filepath.Join(dir, base+".tar"), "-name", of.name, "-entrypoint", of.entrypoint}, of.files...)
	command := exec.CommandContext(ctx, filepath.Join(programs, "pack"), args...)
	command.Stderr = os.Stderr
	name, err := command.Output()
	return string(bytes.TrimSpace(name)), err
}

// writeNames writes the images' names by what they are: "dcr-gateway", "envoy" and so on.
func writeNames(file string, names []string) error {
	byWhat := map[string]string{}
	for _, name := range names {
		what, _, _ := strings.Cut(filepath.Base(name), ":")
		byWhat[what] = name
	}
	text, err := json.MarshalIndent(byWhat, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o600)
}
