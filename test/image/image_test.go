//go:build image

package image

import (
	"archive/tar"
	"context"
	"fmt"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// shipped is the image that `make image` builds.
var shipped *archive

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "dcr-image")
	if err == nil {
		shipped, err = build("../..", filepath.Join(dir, "context"))
	}
	if err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		log.Fatal(err)
	}
	os.Exit(code)
}

// build builds the image of a source tree, with a folder for what is in it.
func build(source, folder string) (*archive, error) {
	if err := run(source, "make", "image", "IMAGE_DIR="+folder, "VERSION=v0-test", "REVISION=0123456789abcdef", "TIMESTAMP=1700000000"); err != nil {
		return nil, err
	}
	return open(filepath.Join(folder, "dcr-gateway.oci.tar"))
}

func run(dir string, argv ...string) error {
	command := exec.CommandContext(context.Background(), argv[0], argv[1:]...)
	command.Dir = dir
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, output)
	}
	return nil
}

func TestWhatIsInTheImage(t *testing.T) {
	pictures, err := shipped.pictures()
	if err != nil {
		t.Fatal(err)
	}
	if platforms := slices.Sorted(maps.Keys(pictures)); !slices.Equal(platforms, []string{"amd64", "arm64"}) {
		t.Fatalf("the image is for %v", platforms)
	}
	for platform, picture := range pictures {
		for _, wrong := range picture.scan() {
			t.Errorf("%s: %s", platform, wrong)
		}
		if picture.config.Created != "2023-11-14T22:13:20Z" {
			t.Errorf("%s: created %s, want the time of the commit", platform, picture.config.Created)
		}
		for path, file := range picture.files {
			if file.ModTime.Unix() != 1700000000 {
				t.Errorf("%s: %s has the time %s", platform, path, file.ModTime)
			}
		}
	}
}

// TestScan shows that each thing that must not be in an image is found.
func TestScan(t *testing.T) {
	pictures, err := shipped.pictures()
	if err != nil {
		t.Fatal(err)
	}
	good := pictures[runtime.GOARCH]
	key := "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n"
	for _, c := range []struct {
		name, want string
		change     func(p *picture)
	}{
		{"a shell", "/bin/sh is in the image", func(p *picture) { p.files["/bin/sh"] = entry{} }},
		{"a program with the sandbox", "the program holds github.com/dcr-gateway/dcr-gateway/sandbox/", func(p *picture) { p.give(t, "/dcr-gateway", development(t)) }},
		{"a program that was not built for production", `-tags=""`, func(p *picture) { p.give(t, "/dcr-gateway", development(t)) }},
		{"a program for another platform", "GOARCH", func(p *picture) { p.files["/dcr-gateway"] = pictures[other()].files["/dcr-gateway"] }},
		{"a script", "the program: ", func(p *picture) { p.give(t, "/dcr-gateway", []byte("#!/bin/sh\n")) }},
		{"a private key among the roots", "a PRIVATE KEY", func(p *picture) { p.add("/etc/ssl/certs/ca-certificates.crt", key) }},
		{"a private key in the program", "/dcr-gateway holds a PRIVATE KEY", func(p *picture) { p.add("/dcr-gateway", "x"+key) }},
		{"a private JWK", "a private JWK", func(p *picture) {
			p.add("/dcr-gateway", `{"kty":"OKP","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}`)
		}},
		{"no roots", "only 0 root certificates", func(p *picture) { p.give(t, "/etc/ssl/certs/ca-certificates.crt", nil) }},
		{"a file that its user may change", "/dcr-gateway: mode 777", func(p *picture) { p.header("/dcr-gateway", func(h *tar.Header) { h.Mode = 0o777 }) }},
		{"a file of its user", "of user 65532", func(p *picture) { p.header("/dcr-gateway", func(h *tar.Header) { h.Uid = 65532 }) }},
		{"setuid", "mode 4755", func(p *picture) { p.header("/dcr-gateway", func(h *tar.Header) { h.Mode = 0o4755 }) }},
		{"root", "it runs as 0", func(p *picture) { p.config.Config.User = "0" }},
		{"another entrypoint", "it starts", func(p *picture) { p.config.Config.Entrypoint = []string{"/bin/sh", "-c"} }},
		{"arguments", "it starts", func(p *picture) { p.config.Config.Cmd = []string{"gate"} }},
		{"a setting", "it sets GODEBUG", func(p *picture) { p.config.Config.Env = []string{"GODEBUG=x"} }},
		{"no label", "label licenses is missing", func(p *picture) { p.config.Config.Labels = nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := picture{config: good.config, files: maps.Clone(good.files)}
			c.change(&changed)
			found := strings.Join(changed.scan(), "\n")
			if !strings.Contains(found, c.want) {
				t.Errorf("found %q, want %q", found, c.want)
			}
		})
	}
}

// other is the platform of the image that is not this machine's.
func other() string { return map[string]string{"amd64": "arm64", "arm64": "amd64"}[runtime.GOARCH] }

// give replaces the text of a file.
func (p *picture) give(t *testing.T, path string, text []byte) {
	t.Helper()
	file := p.files[path]
	file.text = text
	p.files[path] = file
}

// add appends to the text of a file.
func (p *picture) add(path, text string) {
	file := p.files[path]
	file.text = slices.Concat(file.text, []byte("\n"+text))
	p.files[path] = file
}

func (p *picture) header(path string, change func(*tar.Header)) {
	file := p.files[path]
	change(&file.Header)
	p.files[path] = file
}

// development is the program as `make build` builds it.
func development(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dcr-gateway")
	if err := run("../..", "go", "build", "-o", path, "."); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestReproducible: the same source in another folder, with other times and modes, makes the same image.
func TestReproducible(t *testing.T) {
	dir := t.TempDir()
	// What git has and what is new, without what was built here.
	copied := filepath.Join(dir, "another", "place")
	if err := run("../..", "sh", "-c", `mkdir -p "$0" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$0" && chmod -R go-rwx "$0"`, copied); err != nil {
		t.Fatal(err)
	}
	again, err := build(copied, filepath.Join(dir, "context"))
	if err != nil {
		t.Fatal(err)
	}
	if again.index != shipped.index {
		t.Errorf("two builds have the digests %s and %s", shipped.index, again.index)
	}
}
