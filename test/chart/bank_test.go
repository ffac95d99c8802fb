//go:build chart

package chart

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// bank is a release of the chart with the bank's routes, which TPPs outside reach as mtls.bank.test and tls.bank.test.
type bank struct {
	*release
	*outside
}

// newBank installs the chart as a bank does. The names of the one before lead to it from now on.
func newBank(tb testing.TB, helm, namespace string, more ...string) *bank {
	tb.Helper()
	o := theWorld(tb)
	newNamespace(tb, namespace)
	emptyRedis(tb)
	o.serve(tb, namespace)
	setPassword(tb, namespace, "first")
	b := &bank{outside: o}
	b.release = install(tb, helm, "bank", namespace, append(o.bankValues(tb, "bank-dcr-gateway"), more...)...)
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
	certificate, key, err := o.server("mtls.bank.test", "tls.bank.test")
	if err != nil {
		tb.Fatal(err)
	}
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	apply(tb, fmt.Sprintf("{apiVersion: v1, kind: Secret, type: kubernetes.io/tls, metadata: {name: bank-server, namespace: %s}, data: {tls.crt: %s, tls.key: %s}}",
		namespace, encode(certificate), encode(key)))
}

// setPassword makes the Secret with the password of Redis, or changes it.
func setPassword(tb testing.TB, namespace, password string) {
	tb.Helper()
	apply(tb, fmt.Sprintf("{apiVersion: v1, kind: Secret, metadata: {name: bank-redis, namespace: %s}, stringData: {password: %s}}", namespace, password))
}

// bankValues are helm's arguments for the bank's values and files.
func (o *outside) bankValues(tb testing.TB, release string) []string {
	tb.Helper()
	routes := file(tb, "routes.yaml", fill(tb, "routes.yaml", map[string]string{"Release": release}))
	framework := file(tb, "directory.yaml", fill(tb, "directory.yaml", map[string]string{"Issuer": directory.OBIE().Issuer, "Keys": o.files.KeysURL()}))
	servers := file(tb, "servers.pem", string(pki.EncodeCertificate(o.servers.Certificate.Raw)))
	return []string{
		"--values", file(tb, "values.yaml", fill(tb, "values.yaml", images)),
		"--set-file", "config.routes=" + routes,
		"--set-file", `config.directories.sandbox\.yaml=` + framework,
		"--set-file", `config.ca.directory\.pem=` + o.folder + "/" + directory.IssuingFile,
		"--set-file", `config.ca.directory-server\.pem=` + servers,
	}
}
