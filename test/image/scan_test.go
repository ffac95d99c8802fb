//go:build image

package image

import (
	"bytes"
	"crypto/x509"
	"debug/buildinfo"
	"debug/elf"
	"encoding/pem"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// listed is all that the image may hold: modes of files and folders, which belong to root.
var listed = map[string]int64{
	"/dcr-gateway": 0o755, "/etc": 0o755, "/etc/ssl": 0o755, "/etc/ssl/certs": 0o755, "/etc/ssl/certs/ca-certificates.crt": 0o644,
}

// scan returns what is in an image and must not be, and what must be and is not.
func (p picture) scan() (wrong []string) {
	say := func(format string, values ...any) { wrong = append(wrong, fmt.Sprintf(format, values...)) }
	for _, path := range slices.Sorted(maps.Keys(p.files)) {
		file := p.files[path]
		mode, known := listed[path]
		switch {
		case !known:
			say("%s is in the image", path)
		case file.Mode&0o7777 != mode || file.Uid != 0 || file.Gid != 0 || file.Linkname != "":
			say("%s: mode %o of user %d and group %d, want %o of root", path, file.Mode, file.Uid, file.Gid, mode)
		}
		for _, found := range privateKeys(file.text) {
			say("%s holds %s", path, found)
		}
	}
	for path := range listed {
		if _, there := p.files[path]; !there {
			say("%s is missing", path)
		}
	}
	wrong = append(wrong, p.config.scan()...)
	wrong = append(wrong, scanProgram(p.files["/dcr-gateway"].text, p.config.Architecture)...)
	return append(wrong, scanRoots(p.files["/etc/ssl/certs/ca-certificates.crt"].text)...)
}

// scan returns what is wrong in what a container runtime is told.
func (c config) scan() (wrong []string) {
	is := c.Config
	if is.User != "65532:65532" {
		wrong = append(wrong, "it runs as "+is.User)
	}
	if !slices.Equal(is.Entrypoint, []string{"/dcr-gateway"}) || len(is.Cmd) > 0 {
		wrong = append(wrong, fmt.Sprintf("it starts %q %q", is.Entrypoint, is.Cmd))
	}
	for _, variable := range is.Env {
		if !strings.HasPrefix(variable, "PATH=") {
			wrong = append(wrong, "it sets "+variable)
		}
	}
	for _, label := range []string{"title", "description", "version", "revision", "source", "licenses"} {
		if value := is.Labels["org.opencontainers.image."+label]; value == "" || value == "unknown" {
			wrong = append(wrong, "the label "+label+" is missing")
		}
	}
	return wrong
}

// machines are the processors of the platforms.
var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

// forbidden are packages that make certificates, sign statements or start worlds. A stripped program still has their names.
var forbidden = regexp.MustCompile(`github\.com/(dcr-gateway/dcr-gateway/(sandbox|test|internal/testkit)|alicebob|rogpeppe)[/.]`)

// scanProgram returns what is wrong with the program: how it was built, and code that is not for production.
func scanProgram(program []byte, architecture string) (wrong []string) {
	info, err := buildinfo.Read(bytes.NewReader(program))
	if err != nil {
		return []string{"the program: " + err.Error()}
	}
	settings := map[string]string{}
	for _, setting := range info.Settings {
		settings[setting.Key] = setting.Value
	}
	for key, want := range map[string]string{"-tags": "production", "-trimpath": "true", "CGO_ENABLED": "0", "GOOS": "linux", "GOARCH": architecture} {
		if settings[key] != want {
			wrong = append(wrong, fmt.Sprintf("the program was built with %s=%q, want %q", key, settings[key], want))
		}
	}
	found := map[string]bool{}
	for _, name := range forbidden.FindAll(program, -1) {
		found[string(name)] = true
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		wrong = append(wrong, "the program holds "+name)
	}
	file, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		return append(wrong, "the program: "+err.Error())
	}
	dynamic := slices.ContainsFunc(file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC })
	if dynamic || file.Machine != machines[architecture] {
		wrong = append(wrong, fmt.Sprintf("the program is for %s, and dynamic: %t", file.Machine, dynamic))
	}
	return wrong
}

// fewestRoots: Mozilla has had more than a hundred for twenty years.
const fewestRoots = 100

// scanRoots returns what is wrong with the root certificates.
func scanRoots(text []byte) (wrong []string) {
	count := 0
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		count++
		root, err := x509.ParseCertificate(block.Bytes)
		if err != nil || block.Type != "CERTIFICATE" {
			wrong = append(wrong, fmt.Sprintf("root %d is no certificate: %v", count, err))
		} else if !root.IsCA && root.Version > 1 {
			wrong = append(wrong, root.Subject.String()+" is no CA")
		}
	}
	if count < fewestRoots {
		wrong = append(wrong, fmt.Sprintf("there are only %d root certificates", count))
	}
	return wrong
}

var (
	pemBegins  = []byte("-----BEGIN ")
	privateJWK = regexp.MustCompile(`"d"\s*:\s*"[A-Za-z0-9_-]{40,}"`)
)

// privateKeys returns the private keys in a file, whatever is around them.
func privateKeys(text []byte) (found []string) {
	if privateJWK.Match(text) {
		found = append(found, "a private JWK")
	}
	for {
		at := bytes.Index(text, pemBegins)
		if at < 0 {
			return found
		}
		text = text[at:]
		if block, _ := pem.Decode(text[:min(len(text), 1<<16)]); block != nil && strings.Contains(block.Type, "PRIVATE KEY") {
			found = append(found, "a "+block.Type)
		}
		text = text[len(pemBegins):]
	}
}
