package world

import (
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// The files of a world, relative to its folder.
const (
	routesFile      = "routes.yaml"
	directoryFile   = "directory.yaml"
	envoyFile       = "envoy.yaml"
	serverCAFile    = "server-ca.pem"
	tlsFolder       = "tls"
	directoryFolder = "directory"
	redisFolder     = "redis"
	logsFolder      = "logs"
	runFolder       = "run"
)

// tppCount is how many TPPs a world has: two softwares of one organisation and one of another.
const tppCount = 3

func tppFolder(index int) string { return fmt.Sprintf("tpp-%d", index+1) }

// minted is what a world's files hold.
type minted struct {
	directory *directory.Directory
	tpps      []directory.Member
}

// mint makes all keys and certificates and writes their files.
func mint(dir string, p ports) (*minted, error) {
	d, err := directory.Create(filepath.Join(dir, directoryFolder), httpsURL(p.directory))
	if err != nil {
		return nil, fmt.Errorf("make the directory: %w", err)
	}
	if err := mintServers(dir); err != nil {
		return nil, fmt.Errorf("make the server certificates: %w", err)
	}
	tpps, err := enrol(d)
	if err != nil {
		return nil, fmt.Errorf("make the TPPs: %w", err)
	}
	for i := range tpps {
		if err := writeTPP(dir, tppFolder(i), &tpps[i]); err != nil {
			return nil, err
		}
	}
	return &minted{directory: d, tpps: tpps}, nil
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
func enrol(d *directory.Directory) ([]directory.Member, error) {
	first, second := directory.NewOrganisationID(), directory.NewOrganisationID()
	orders := [tppCount]directory.Order{
		{OrgID: first, Roles: []string{"AISP", "PISP", "CBPII"}, RedirectURIs: []string{"https://tpp-1.example.com/callback", "https://tpp-1.example.com/return"}},
		{OrgID: first, Roles: []string{"AISP", "PISP"}, RedirectURIs: []string{"https://tpp-2.example.com/callback"}},
		{OrgID: second, Roles: []string{"AISP", "PISP"}, RedirectURIs: []string{"https://tpp-3.example.com/callback"}},
	}
	tpps, failures := make([]directory.Member, tppCount), make([]error, tppCount)
	var enrolled sync.WaitGroup
	for i, order := range orders {
		enrolled.Go(func() {
			member, err := d.Enrol(order)
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
