package world

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
	"github.com/dcr-gateway/dcr-gateway/sandbox/bank"
	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// The templates are of files that people read and edit in a sandbox: they keep their comments.
var (
	//go:embed routes.yaml.tmpl
	routesTemplate string
	//go:embed directory.yaml.tmpl
	directoryTemplate string
	//go:embed cdr.yaml.tmpl
	cdrTemplate string
)

// What stands behind Envoy, as routes.yaml and world.json name it.
const (
	gateSocket          = "unix:run/gate.sock"
	gateAdminSocket     = "unix:run/gate-admin.sock"
	configSocket        = "unix:run/xds.sock"
	registrySocket      = "unix:run/registry.sock"
	registryAdminSocket = "unix:run/registry-admin.sock"
	adminSocket         = "unix:run/envoy-admin.sock"
)

// registration is a profile's routes.
type registration struct {
	Prefix   string // of their names
	Audience string // where it is not the one of the file
	profile
}

// trust is what the file of a directory says of this sandbox.
type trust struct{ Issuer, JWKS, Host string }

// directoryFiles are what the gate reads of each directory, by its dialect.
var directoryFiles = map[string]struct{ name, template string }{
	directory.OBIE().Name: {directoryFile, directoryTemplate}, directory.CDR().Name: {cdrFile, cdrTemplate},
}

// configure writes routes.yaml and the files of the directories.
func configure(o Options, w *worldfile.World, frameworks []framework) error {
	p, first := o.ports(), o.gateways()[0]
	routes := struct {
		Issuer, Audience, AuthMethods, MTLS, MTLSAddress, PublicAddress, BankAddress string
		AISP, PISP, CBPII, Recipient                                                 string
		Registrations                                                                []registration
	}{
		Issuer: w.Issuer, Audience: w.Audience, AuthMethods: strings.Join(o.AuthMethods, ", "), MTLS: httpsURL(first.mtls),
		MTLSAddress: loopback(first.mtls), PublicAddress: loopback(first.public), BankAddress: loopback(p.bank),
		AISP: "/open-banking/v3.1/aisp", PISP: "/open-banking/v3.1/pisp", CBPII: "/open-banking/v3.1/cbpii", Recipient: bank.RecipientAccountsPath,
	}
	own, _ := profileNamed(o.Profile)
	routes.Registrations = append(routes.Registrations, registration{profile: own}) // which has the plain names
	for _, profile := range profiles {
		if profile.Name != own.Name {
			routes.Registrations = append(routes.Registrations, registration{
				Prefix: strings.ReplaceAll(profile.Name, ".", "-") + "-", Audience: w.Others[profile.Name].Audience, profile: profile,
			})
		}
	}
	if err := render(filepath.Join(o.Dir, routesFile), routesTemplate, routes); err != nil {
		return err
	}
	for _, f := range frameworks {
		file, data := directoryFiles[f.dialect.Name], trust{f.dialect.Issuer, f.directory.KeysURL(), loopback(p.directory)}
		if err := render(filepath.Join(o.Dir, file.name), file.template, data); err != nil {
			return err
		}
	}
	return nil
}

func render(path, text string, data any) error {
	parsed, err := template.New(filepath.Base(path)).Parse(text)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, data); err != nil {
		return err
	}
	return pki.WriteFile(path, out.Bytes(), 0o600)
}

// operate runs a command of the gateway in the world's folder, as an operator would, and returns what it prints.
func operate(ctx context.Context, o Options, arguments ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, o.Executable, arguments...)
	command.Dir = o.Dir
	var complaint bytes.Buffer
	command.Stderr = &complaint
	text, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("dcr-gateway %s: %w: %s", arguments[0], err, strings.TrimSpace(complaint.String()))
	}
	return text, nil
}

// renderEnvoy writes what Envoy needs to find the gate.
func renderEnvoy(ctx context.Context, o Options) error {
	text, err := operate(ctx, o, "routes", "render", "--xds", configSocket, "--admin", adminSocket, routesFile)
	if err != nil {
		return err
	}
	return pki.WriteFile(filepath.Join(o.Dir, envoyFile), text, os.FileMode(0o600))
}
