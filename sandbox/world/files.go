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

	"github.com/dcr-gateway/dcr-gateway/sandbox/bank"
	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
	"github.com/dcr-gateway/dcr-gateway/sandbox/worldfile"
)

// The templates are of files that people read and edit in a sandbox: they keep their comments.
var (
	//go:embed routes.yaml.tmpl
	routesTemplate string
	//go:embed directory.yaml.tmpl
	directoryTemplate string
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

type registration struct{ Prefix, Path, Profile string }

// configure writes routes.yaml and directory.yaml.
func configure(o Options, p ports, w *worldfile.World) error {
	routes := struct {
		Issuer, Audience, AuthMethods, MTLS, MTLSAddress, PublicAddress, BankAddress string
		AISP, PISP, CBPII                                                            string
		Registrations                                                                []registration
	}{
		Issuer: w.Issuer, Audience: w.Audience, AuthMethods: strings.Join(o.AuthMethods, ", "), MTLS: httpsURL(p.mtls),
		MTLSAddress: loopback(p.mtls), PublicAddress: loopback(p.public), BankAddress: loopback(p.bank),
		AISP: "/open-banking/v3.1/aisp", PISP: "/open-banking/v3.1/pisp", CBPII: "/open-banking/v3.1/cbpii",
	}
	for i, profile := range append([]string{o.Profile}, other(o.Profile)...) {
		r := registration{Path: registerPath(profile), Profile: profile}
		if i > 0 { // the world's own profile has the plain names
			r.Prefix = strings.ReplaceAll(profile, ".", "-") + "-"
		}
		routes.Registrations = append(routes.Registrations, r)
	}
	if err := render(filepath.Join(o.Dir, routesFile), routesTemplate, routes); err != nil {
		return err
	}
	trust := struct{ Issuer, JWKS, Host string }{directory.Issuer, w.Directory.JWKS, loopback(p.directory)}
	return render(filepath.Join(o.Dir, directoryFile), directoryTemplate, trust)
}

func other(profile string) []string {
	var rest []string
	for _, p := range profiles {
		if p != profile {
			rest = append(rest, p)
		}
	}
	return rest
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

// renderEnvoy has the gateway itself write what Envoy needs to find the gate, as an operator would.
func renderEnvoy(ctx context.Context, o Options) error {
	command := exec.CommandContext(ctx, o.Executable, "routes", "render",
		"--xds", configSocket, "--admin", adminSocket, routesFile)
	command.Dir = o.Dir
	var complaint bytes.Buffer
	command.Stderr = &complaint
	text, err := command.Output()
	if err != nil {
		return fmt.Errorf("render Envoy's configuration: %w: %s", err, strings.TrimSpace(complaint.String()))
	}
	return pki.WriteFile(filepath.Join(o.Dir, envoyFile), text, os.FileMode(0o600))
}

// apis are the bank's, each as a client can call it at once.
func apis(base string) []worldfile.API {
	account := base + bank.AccountsPath + "/" + bank.SampleAccount
	return []worldfile.API{
		{URL: base + bank.AccountsPath, Method: "GET", Scope: "accounts"},
		{URL: account, Method: "GET", Scope: "accounts"},
		{URL: account + "/balances", Method: "GET", Scope: "accounts"},
		{URL: account + "/transactions", Method: "GET", Scope: "accounts"},
		{URL: base + bank.PaymentConsentsPath, Method: "POST", Scope: "payments"},
		{URL: base + bank.FundsConsentsPath, Method: "POST", Scope: "fundsconfirmations"},
	}
}

// describe is world.json but for the processes.
func describe(o Options, p ports, m *minted) *worldfile.World {
	mtls, public := httpsURL(p.mtls), httpsURL(p.public)
	w := &worldfile.World{
		Profile: o.Profile, Issuer: public, Audience: directory.NewOrganisationID(),
		Discovery:    public + "/.well-known/openid-configuration",
		Registration: mtls + registerPath(o.Profile),
		Token:        mtls + "/oauth2/token", Revocation: mtls + "/oauth2/revoke", Introspection: mtls + "/oauth2/introspect",
		JWKS:     public + "/oauth2/jwks",
		APIs:     apis(mtls),
		ServerCA: serverCAFile, Routes: routesFile, TPPs: m.tpps,
		Directory: worldfile.Directory{
			Issuer: directory.Issuer, API: httpsURL(p.directory), JWKS: m.directory.KeysURL(), CA: serverCAFile,
			StatementKey:   filepath.Join(directoryFolder, directory.StatementKey),
			StatementKeyID: m.directory.StatementKeyID(),
			RootCA:         filepath.Join(directoryFolder, directory.RootFile),
			IssuingCA:      filepath.Join(directoryFolder, directory.IssuingFile),
			IssuingKey:     filepath.Join(directoryFolder, directory.IssuingKeyFile),
			RevocationList: httpsURL(p.directory) + "/crl",
		},
		Redis: o.Redis,
		Internal: worldfile.Internal{
			Gate: gateSocket, Registry: registrySocket, Admin: adminSocket,
			GateAdmin: gateAdminSocket, RegistryAdmin: registryAdminSocket, Config: configSocket,
		},
		Logs:      worldfile.Logs{Gate: "logs/gate.jsonl", Registry: "logs/registry.jsonl", Envoy: "logs/envoy.jsonl"},
		Processes: map[string]worldfile.Process{},
	}
	if w.Redis == "" {
		w.Redis = "redis://" + loopback(p.redis) + "/0"
	}
	return w
}
