package world

import (
	"path/filepath"

	"github.com/dcr-gateway/dcr-gateway/sandbox/bank"
	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/sandbox/worldfile"
)

// describe is world.json but for the processes. The first of the frameworks is that of the world's own profile.
func describe(o Options, p ports, frameworks []framework) *worldfile.World {
	mtls, public := httpsURL(p.mtls), httpsURL(p.public)
	w := &worldfile.World{
		Profile: o.Profile, Issuer: public,
		Discovery: public + "/.well-known/openid-configuration",
		Token:     mtls + "/oauth2/token", Revocation: mtls + "/oauth2/revoke", Introspection: mtls + "/oauth2/introspect",
		JWKS:     public + "/oauth2/jwks",
		ServerCA: serverCAFile, Routes: routesFile,
		Redis: o.Redis,
		Internal: worldfile.Internal{
			Gate: gateSocket, Registry: registrySocket, Admin: adminSocket,
			GateAdmin: gateAdminSocket, RegistryAdmin: registryAdminSocket, Config: configSocket,
		},
		Logs:          worldfile.Logs{Gate: "logs/gate.jsonl", Registry: "logs/registry.jsonl", Envoy: "logs/envoy.jsonl"},
		Processes:     map[string]worldfile.Process{},
		Registrations: map[string]string{}, Others: map[string]worldfile.Papers{},
	}
	if w.Redis == "" {
		w.Redis = "redis://" + loopback(p.redis) + "/0"
	}
	papers := map[string]worldfile.Papers{}
	for _, f := range frameworks {
		papers[f.dialect.Name] = f.papers(mtls, public, httpsURL(p.directory))
	}
	own := frameworks[0].dialect.Name
	for _, profile := range profiles {
		theirs := papers[profile.dialect().Name]
		theirs.Registration = mtls + profile.Path
		w.Registrations[profile.Name] = theirs.Registration
		if profile.dialect().Name != own {
			w.Others[profile.Name] = theirs
		}
	}
	w.Registration = w.Registrations[o.Profile]
	w.Audience, w.APIs, w.TPPs, w.Directory = papers[own].Audience, papers[own].APIs, papers[own].TPPs, papers[own].Directory
	return w
}

// papers are what the TPPs of a framework need, whichever of its profiles they follow.
func (f *framework) papers(mtls, public, directories string) worldfile.Papers {
	papers := worldfile.Papers{TPPs: f.tpps, APIs: apis(mtls), Audience: f.dialect.NewOrganisationID()}
	if f.dialect.Name == directory.CDR().Name {
		papers.APIs, papers.Audience = recipientAPIs(mtls), public // aud is the issuer of the data holder
	}
	at := func(file string) string { return filepath.Join(directoryFolder, f.dialect.Folder, file) }
	papers.Directory = worldfile.Directory{
		Issuer: f.dialect.Issuer, API: directories + f.dialect.Path(), JWKS: f.directory.KeysURL(), CA: serverCAFile,
		StatementKey: at(directory.StatementKey), StatementKeyID: f.directory.StatementKeyID(),
		RootCA: at(directory.RootFile), IssuingCA: at(directory.IssuingFile), IssuingKey: at(directory.IssuingKeyFile),
		RevocationList: directories + f.dialect.Path() + "/crl",
	}
	return papers
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

// recipientAPIs are those for Australia's data recipients.
func recipientAPIs(base string) []worldfile.API {
	return []worldfile.API{{URL: base + bank.RecipientAccountsPath, Method: "GET", Scope: "bank:accounts.basic:read"}}
}
