package testbed

import (
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	sandbox "github.com/dcr-gateway/dcr-gateway/sandbox/directory"
)

// A Directory is the sandbox's Open Banking directory on an HTTPS server of the test, with two members.
type Directory struct {
	*sandbox.Directory

	Member, Other *sandbox.Member
	Loaded        *directory.Directory // as a gateway loads it
	Server        *httptest.Server
	Dir           string // of its keys and CAs
}

// nowhere is the directory's address until it is served.
const nowhere = "https://127.0.0.1"

// The files of a directory are made once in a test binary: finding primes is slow.
var made struct {
	sync.Once

	files         fstest.MapFS
	member, other *sandbox.Member
	err           error
}

func makeFiles() {
	dir, err := os.MkdirTemp("", "directory")
	if made.err = err; err != nil {
		return
	}
	defer os.RemoveAll(dir)
	made.files, made.err = fill(dir)
}

// fill makes a directory in a folder and reads what it wrote there.
func fill(dir string) (fstest.MapFS, error) {
	created, err := sandbox.OBIE().Create(dir, nowhere)
	if err != nil {
		return nil, err
	}
	if made.member, err = created.Enrol(sandbox.Order{Roles: []string{"AISP", "PISP"}}); err != nil {
		return nil, err
	}
	if made.other, err = created.Enrol(sandbox.Order{}); err != nil {
		return nil, err
	}
	files := fstest.MapFS{}
	folder := os.DirFS(dir)
	return files, fs.WalkDir(folder, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(folder, path)
		files[path] = &fstest.MapFile{Data: text, Mode: 0o600}
		return err
	})
}

// Serve starts a directory until the test ends, and loads it under a name.
func Serve(tb testing.TB, name string) *Directory {
	tb.Helper()
	must := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	made.Do(makeFiles)
	must(made.err)
	d := &Directory{Dir: tb.TempDir(), Server: httptest.NewUnstartedServer(nil)}
	must(os.CopyFS(d.Dir, made.files))
	host := d.Server.Listener.Addr().String()
	d.Member, d.Other = published(made.member, host), published(made.other, host)
	opened, err := sandbox.OBIE().Open(d.Dir, "https://"+host)
	must(err)
	d.Directory = opened
	d.Server.Config.Handler = opened.Handler()
	d.Server.StartTLS()
	tb.Cleanup(d.Server.Close)

	must(os.WriteFile(d.At("tls.pem"), testkit.CertificatePEM(d.Server.Certificate().Raw), 0o600))
	must(os.WriteFile(d.At("directory.yaml"), fmt.Appendf(nil, `extends: openbanking-uk-sandbox
name: %s
jwks: %s
tls_ca: [tls.pem]
key_hosts: [%q]
private_addresses: [127.0.0.1]
certificates:
  - {profile: ob_legacy, ca: [%s]}
`, name, d.KeysURL(), host, sandbox.IssuingFile), 0o600))
	d.Loaded, err = directory.Load(d.At("directory.yaml"))
	must(err)
	return d
}

// published is a member whose key set this host serves. Its statement still names the host of nowhere.
func published(m *sandbox.Member, host string) *sandbox.Member {
	member := *m
	member.JWKS = strings.Replace(m.JWKS, nowhere, "https://"+host, 1)
	return &member
}

// At is the path of a file of the directory.
func (d *Directory) At(name string) string { return filepath.Join(d.Dir, name) }
