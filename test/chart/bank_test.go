//go:build chart

package chart

import (
	"testing"

	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
)

// bank is a release of the chart with the bank's routes, which TPPs outside reach as mtls.bank.test and tls.bank.test.
type bank struct {
	*release
	*outside
}

// newBank installs a chart as a bank does. The names of the one before lead to it from now on.
func newBank(tb testing.TB, helm, namespace, chart string) *bank {
	tb.Helper()
	o := theWorld(tb)
	newNamespace(tb, namespace)
	emptyRedis(tb)
	o.serve(tb, namespace)
	setPassword(tb, namespace, "first")
	b := &bank{outside: o}
	b.release = install(tb, helm, "bank", namespace, chart, o.bankValues(tb, "bank-dcr-gateway")...)
	for _, listener := range []string{"mtls", "tls"} {
		if err := o.open(listener+".bank.test:443", namespace, "bank-dcr-gateway-"+listener); err != nil {
			tb.Fatal(err)
		}
	}
	return b
}

// emptyRedis makes the bank's Redis that of a new installation.
func emptyRedis(tb testing.TB) {
	tb.Helper()
	kubectl(tb, "exec", "-n", "sandbox", "redis-0", "--", "/usr/bin/redis-cli", "flushall")
}

// serve makes the Secret of the bank's server certificate, or renews it.
func (o *outside) serve(tb testing.TB, namespace string) {
	tb.Helper()
	o.certify(tb, namespace, "bank-server", "mtls.bank.test", "tls.bank.test")
}

// setPassword makes the Secret with the password of Redis, or changes it.
func setPassword(tb testing.TB, namespace, password string) {
	tb.Helper()
	makeSecret(tb, namespace, "bank-redis", map[string]string{"password": password})
}

// bankValues are helm's arguments for the bank's values and files.
func (o *outside) bankValues(tb testing.TB, release string) []string {
	tb.Helper()
	routes := file(tb, "routes.yaml", fill(tb, "routes.yaml", map[string]string{"Release": release}))
	framework := file(tb, "directory.yaml", fill(tb, "directory.yaml", map[string]string{"Issuer": directory.OBIE().Issuer, "Keys": o.files.KeysURL()}))
	servers := file(tb, "servers.pem", o.caPEM())
	return []string{
		"--values", file(tb, "values.yaml", fill(tb, "values.yaml", images)),
		"--set-file", "config.routes=" + routes, "--set", "test.ca.secret=bank-server",
		"--set-file", `config.directories.sandbox\.yaml=` + framework,
		"--set-file", `config.ca.directory\.pem=` + o.folder + "/" + directory.IssuingFile,
		"--set-file", `config.ca.directory-server\.pem=` + servers,
	}
}
