package world

import (
	"encoding/json"
	"path/filepath"

	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
	"github.com/dcr-gateway/dcr-gateway/sandbox/bank"
	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// describe is world.json but for the processes. The first of the frameworks is that of the world's own profile.
func describe(o Options, frameworks []framework) *worldfile.World {
	w := &worldfile.World{Profile: o.Profile, ServerCA: serverCAFile, Redis: o.Redis, Others: map[string]worldfile.Papers{}}
	if w.Redis == "" {
		w.Redis = "redis://" + loopback(o.ports().redis) + "/0"
	}
	for _, g := range o.gateways() {
		w.Fleet = append(w.Fleet, g.describe(o.Profile, frameworks[0].apis(httpsURL(g.mtls))))
	}
	first := o.gateways()[0]
	w.Gateway, w.Issuer = w.Fleet[0], httpsURL(first.public)
	papers := map[string]worldfile.Papers{}
	for _, f := range frameworks {
		papers[f.dialect.Name] = f.papers(httpsURL(first.mtls), w.Issuer, httpsURL(o.ports().directory))
	}
	own := frameworks[0].dialect.Name
	for _, profile := range profiles {
		if theirs := papers[profile.dialect().Name]; profile.dialect().Name != own {
			theirs.Registration = w.Registrations[profile.Name]
			w.Others[profile.Name] = theirs
		}
	}
	w.Audience, w.TPPs, w.Directory = papers[own].Audience, papers[own].TPPs, papers[own].Directory
	return w
}

// papers are what the TPPs of a framework need, whichever of its profiles they follow.
func (f *framework) papers(mtls, public, directories string) worldfile.Papers {
	papers := worldfile.Papers{TPPs: f.tpps, APIs: f.apis(mtls), Audience: f.dialect.NewOrganisationID()}
	if f.dialect.Name == directory.CDR().Name {
		papers.Audience = public // aud is the issuer of the data holder
	}
	at := func(file string) string { return filepath.Join(directoryFolder, f.dialect.Folder, file) }
	papers.Directory = worldfile.Directory{
		Issuer: f.dialect.Issuer, File: directoryFiles[f.dialect.Name].name, API: directories + f.dialect.Path(), JWKS: f.directory.KeysURL(), CA: serverCAFile,
		StatementKey: at(directory.StatementKey), StatementKeyID: f.directory.StatementKeyID(),
		StatementKeys: at(directory.StatementJWKS),
		RootCA:        at(directory.RootFile), IssuingCA: at(directory.IssuingFile), IssuingKey: at(directory.IssuingKeyFile),
		QTSP: at(directory.QTSPFile), QTSPKey: at(directory.QTSPKeyFile),
		RevocationList: directories + f.dialect.Path() + "/crl",
	}
	return papers
}

// apis are the bank's for the framework's TPPs, each as a client can call it at once.
func (f *framework) apis(base string) []worldfile.API {
	if f.dialect.Name == directory.CDR().Name {
		return []worldfile.API{{URL: base + bank.RecipientAccountsPath, Method: "GET", Scope: "bank:accounts.basic:read"}}
	}
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

// publish writes the world of a folder, whole or not at all.
func publish(w *worldfile.World, dir string) error {
	text, err := json.MarshalIndent(w, "", "  ")
	if err != nil {
		return err
	}
	return pki.WriteFile(filepath.Join(dir, worldfile.Name), append(text, '\n'), 0o600)
}
