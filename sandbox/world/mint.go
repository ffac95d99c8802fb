package world

import (
	"context"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// The files of a world, relative to its folder.
const (
	routesFile      = "routes.yaml"
	directoryFile   = "directory.yaml"
	cdrFile         = "cdr.yaml"
	envoyFile       = "envoy.yaml"
	serverCAFile    = "server-ca.pem"
	tlsFolder       = "tls"
	directoryFolder = "directory"
	redisFolder     = "redis"
	logsFolder      = "logs"
	runFolder       = "run"
)

// framework is a trust framework of a world, with its TPPs.
type framework struct {
	dialect   directory.Dialect
	directory *directory.Directory
	tpps      []directory.Member
}

// mint makes all keys and certificates and writes their files: for each framework at once, that of the world's own
// profile first.
func mint(dir string, p ports, own directory.Dialect) ([]framework, error) {
	frameworks := []framework{{dialect: own}}
	for _, dialect := range directory.Dialects() {
		if dialect.Name != own.Name {
			frameworks = append(frameworks, framework{dialect: dialect})
		}
	}
	failures := make([]error, len(frameworks))
	var made sync.WaitGroup
	for i := range frameworks {
		made.Go(func() {
			failures[i] = frameworks[i].mint(dir, httpsURL(p.directory), casting(frameworks[i].dialect, i == 0))
		})
	}
	made.Wait()
	if err := errors.Join(failures...); err != nil {
		return nil, err
	}
	if err := mintServers(dir); err != nil {
		return nil, fmt.Errorf("make the server certificates: %w", err)
	}
	return frameworks, nil
}

func (f *framework) mint(dir, url string, cast []role) (err error) {
	if f.directory, err = f.dialect.Create(filepath.Join(dir, directoryFolder), url); err != nil {
		return fmt.Errorf("make the directory of %s: %w", f.dialect.Issuer, err)
	}
	if f.tpps, err = enrol(f.directory, cast); err != nil {
		return fmt.Errorf("make the TPPs of %s: %w", f.dialect.Issuer, err)
	}
	for i := range f.tpps {
		if err := writeTPP(dir, cast[i].folder, &f.tpps[i]); err != nil {
			return err
		}
		f.tpps[i].JWKSFile = filepath.Join(cast[i].folder, "keys.jwks")
		if err := f.directory.WriteSoftwareKeys(&f.tpps[i], filepath.Join(dir, f.tpps[i].JWKSFile)); err != nil {
			return err
		}
	}
	return f.directory.WriteKeys()
}

// mintServers makes the CA of the world's HTTPS servers and their certificates. The CA's key is kept nowhere.
func mintServers(dir string) error {
	key, err := pki.EC()
	if err != nil {
		return err
	}
	root, err := pki.NewRoot(pkix.Name{CommonName: "Sandbox Server CA"}, key)
	if err != nil {
		return err
	}
	if err := pki.WriteCertificate(filepath.Join(dir, serverCAFile), root.Certificate.Raw); err != nil {
		return err
	}
	for folder, name := range map[string]string{tlsFolder: "Sandbox Bank", directoryFolder: "Sandbox Directory"} {
		key, err := pki.EC()
		if err != nil {
			return err
		}
		certificate, err := root.Issue(pki.Server(name), key.Public())
		if err != nil {
			return err
		}
		at := filepath.Join(dir, folder, "server")
		if err := errors.Join(pki.WriteCertificate(at+".pem", certificate.Raw), pki.WriteKey(at+".key", key)); err != nil {
			return err
		}
	}
	return nil
}

// enrol registers the TPPs, all at once: each waits for its own keys.
func enrol(d *directory.Directory, cast []role) ([]directory.Member, error) {
	tpps, failures := make([]directory.Member, len(cast)), make([]error, len(cast))
	var enrolled sync.WaitGroup
	for i, role := range cast {
		enrolled.Go(func() {
			member, err := d.Enrol(role.order)
			if err != nil {
				failures[i] = err
				return
			}
			tpps[i] = *member
		})
	}
	enrolled.Wait()
	return tpps, errors.Join(failures...)
}

// writeTPP writes a TPP's papers as files and puts the files' names in their place.
func writeTPP(dir, folder string, member *directory.Member) error {
	if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
		return err
	}
	for file, text := range map[string]*string{
		"transport.pem": &member.TransportCert, "transport.key": &member.TransportKey,
		"signing.pem": &member.SigningCert, "signing.key": &member.SigningKey,
		"ssa.jwt": &member.Statement,
	} {
		name := filepath.Join(folder, file)
		if err := pki.WriteFile(filepath.Join(dir, name), []byte(*text), 0o600); err != nil {
			return err
		}
		*text = name
	}
	return nil
}

// tppCount is how many TPPs a world has of its own framework: two software products of one organisation and one of another. Of
// any other framework it has one, as making keys takes time.
const tppCount = 3

// role is a TPP of a world, before there is one.
type role struct {
	folder string
	order  directory.Order
}

// casting are the TPPs of a framework.
func casting(dialect directory.Dialect, own bool) []role {
	first, second := dialect.NewOrganisationID(), dialect.NewOrganisationID()
	cast := []role{
		{tppFolder(dialect, own, 0), directory.Order{OrgID: first}}, // with all roles
		{tppFolder(dialect, own, 1), directory.Order{OrgID: first, Roles: fewer[dialect.Name]}},
		{tppFolder(dialect, own, 2), directory.Order{OrgID: second, Roles: fewer[dialect.Name]}},
	}
	for i := range cast {
		site := "https://" + cast[i].folder + ".example.com"
		cast[i].order.RedirectURIs = []string{site + "/callback"}
		if i == 0 {
			cast[i].order.RedirectURIs = append(cast[i].order.RedirectURIs, site+"/return")
		}
	}
	if !own {
		return cast[:1]
	}
	return cast
}

// fewer are roles by dialect; there is but one role in some.
var fewer = map[string][]string{directory.OBIE().Name: {"AISP", "PISP"}}

// tppFolder is where a TPP's papers are.
func tppFolder(dialect directory.Dialect, own bool, index int) string {
	if own {
		return fmt.Sprintf("tpp-%d", index+1)
	}
	return fmt.Sprintf("tpp-%s-%d", dialect.Name, index+1)
}

// tppFolders are all that any world may have.
func tppFolders() []string {
	var all []string
	for i := range tppCount {
		all = append(all, tppFolder(directory.Dialect{}, true, i))
	}
	for _, dialect := range directory.Dialects() {
		all = append(all, tppFolder(dialect, false, 0))
	}
	return all
}

// freshness is how often the TPPs get new software statements: a third of the age at which the gate refuses the one that
// expires first, so that nothing in a world expires while it runs.
const freshness = 3 * time.Minute

// keepFresh has new statements signed until the context ends.
func (w *World) keepFresh(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(freshness)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := refresh(w.Dir, w.File); err != nil {
				failed(err)
			}
		}
	}
}

// refresh replaces each TPP's statement file by one signed now.
func refresh(dir string, file *worldfile.World) error {
	all := map[string]worldfile.Papers{file.Directory.Issuer: {TPPs: file.TPPs, Directory: file.Directory}}
	for _, papers := range file.Others { // several profiles share theirs
		all[papers.Directory.Issuer] = papers
	}
	for _, dialect := range directory.Dialects() {
		papers := all[dialect.Issuer]
		d, err := dialect.Open(filepath.Join(dir, directoryFolder), strings.TrimSuffix(papers.Directory.API, dialect.Path()))
		if err != nil {
			return fmt.Errorf("sign new software statements: %w", err)
		}
		if err := restate(dir, d, papers.TPPs); err != nil {
			return err
		}
	}
	return nil
}

func restate(dir string, d *directory.Directory, tpps []directory.Member) error {
	for _, tpp := range tpps {
		statement, err := d.Statement(tpp.SoftwareID, directory.Changes{})
		if err != nil {
			return fmt.Errorf("sign a new software statement for %s: %w", tpp.SoftwareID, err)
		}
		if err := pki.WriteFile(filepath.Join(dir, tpp.Statement), []byte(statement), 0o600); err != nil {
			return err
		}
	}
	return nil
}
