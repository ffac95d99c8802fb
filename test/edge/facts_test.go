package edge

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// factsPage has programs that verify facts, for those who write a bank's service.
const factsPage = "../../docs/what-your-service-receives.md"

var (
	listenerExample = regexp.MustCompile("(?s)```yaml\n(listeners:\n.*?)(routes:\n.*?)```")
	codeBlock       = regexp.MustCompile("(?s)```(python|js|go|java)\n(.*?)```")
)

// A language runs a program of the page. prepare makes what it needs, and says which command to run with which
// environment, or why it cannot.
type language struct {
	file    string // of the program
	run     string // what the command runs
	prepare func(t *testing.T, dir string) (command, environment []string, missing string)
}

var languages = map[string]language{
	"python": {"verify.py", "verify.py", func(t *testing.T, dir string) ([]string, []string, string) {
		packages := filepath.Join(dir, "packages")
		pip := exec.CommandContext(t.Context(), "python3", "-m", "pip", "install", "--quiet", "--target", packages, "pyjwt[crypto]==2.10.1")
		if said, err := pip.CombinedOutput(); err != nil {
			return nil, nil, fmt.Sprintf("pip cannot install pyjwt: %v\n%s", err, said)
		}
		return []string{"python3"}, []string{"PYTHONPATH=" + packages, "SSL_CERT_FILE=" + serverCA()}, ""
	}},
	"js": {"verify.js", "verify.js", func(*testing.T, string) ([]string, []string, string) {
		return []string{"node"}, []string{"NODE_EXTRA_CA_CERTS=" + serverCA()}, ""
	}},
	"go": {"verify.go", "verify.go", func(*testing.T, string) ([]string, []string, string) {
		return []string{"go", "run"}, []string{"SSL_CERT_FILE=" + serverCA()}, ""
	}},
	"java": {"VerifyFacts.java", "VerifyFacts", func(t *testing.T, dir string) ([]string, []string, string) {
		store := filepath.Join(dir, "ca.p12")
		keytool := exec.CommandContext(t.Context(), "keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", serverCA(), "-keystore", store, "-storepass", "changeit")
		if said, err := keytool.CombinedOutput(); err != nil {
			return nil, nil, fmt.Sprintf("keytool: %v\n%s", err, said)
		}
		javac := exec.CommandContext(t.Context(), "javac", "-d", dir, filepath.Join(dir, "VerifyFacts.java"))
		if said, err := javac.CombinedOutput(); err != nil {
			return nil, nil, fmt.Sprintf("javac: %v\n%s", err, said)
		}
		return []string{"java", "-cp", dir, "-Djavax.net.ssl.trustStore=" + store, "-Djavax.net.ssl.trustStorePassword=changeit"}, nil, ""
	}},
}

func serverCA() string { return world.Path("server-ca.pem") }

// TestFactsVerifiedByStockLibraries runs each program of the page on facts that a bank's service received: it accepts them,
// and refuses those of another upstream, forged ones, and those that another key signed. The keys are on the page's
// internal listener.
func TestFactsVerifiedByStockLibraries(t *testing.T) {
	page, err := os.ReadFile(factsPage)
	if err != nil {
		t.Fatal(err)
	}
	keys := internalListener(t, string(page))
	client, bank := register(t), record(t)
	facts := func(t *testing.T) string { return bank.facts(t, client) }
	blocks := codeBlock.FindAllStringSubmatch(string(page), -1)
	if len(blocks) != len(languages) {
		t.Fatalf("the page has %d programs, want %d", len(blocks), len(languages))
	}
	for _, block := range blocks {
		t.Run(block[1], func(t *testing.T) {
			run := program(t, languages[block[1]], block[2])
			if said, err := run(keys, "bank", facts(t)); err != nil || strings.TrimSpace(said) != client.ID {
				t.Errorf("it printed %q, %v, want the client's id %s", said, err, client.ID)
			}
			if said, err := run(keys, "another", facts(t)); err == nil {
				t.Errorf("facts of another upstream are accepted: %q", said)
			}
			for name, other := range forgeries(t, facts(t), client) {
				if said, err := run(keys, "bank", other); err == nil {
					t.Errorf("%s: accepted: %q", name, said)
				}
			}
		})
	}
}

// facts makes a call, and returns the facts that reached the bank with it.
func (r *recorder) facts(t *testing.T, client *harness.Registered) string {
	t.Helper()
	if answer := client.Get(t, client.API().URL); answer.Status != http.StatusOK {
		t.Fatalf("a call: %s", answer)
	}
	reached := r.take("") // a call without a name
	if len(reached) != 1 {
		t.Fatalf("%d calls have reached the bank", len(reached))
	}
	compact := reached[0].header.Get("X-Dcr-Facts")
	harness.Remember(compact)
	return compact
}

// A gate that was restarted signs with another key. A service that caches the set as the page says misses no call: the
// first facts of the new key find it in the set, and the old key is still there.
func TestFactsKeysOutliveTheirGate(t *testing.T) {
	page, err := os.ReadFile(factsPage)
	if err != nil {
		t.Fatal(err)
	}
	url := internalListener(t, string(page))
	client, bank := register(t), record(t)
	before := kidOf(t, bank.facts(t, client))
	if err := world.Kill("gate"); err != nil {
		t.Fatal(err)
	}
	if err := world.Launch("gate"); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); client.Get(t, client.API().URL).Status != http.StatusOK && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
	}
	bank.take("")
	after := kidOf(t, bank.facts(t, client))
	answer := client.Get(t, url)
	var set struct {
		Keys []struct{ Kid, Kty, Crv, Alg, Use, X, D string }
	}
	if err := json.Unmarshal(answer.Body, &set); err != nil || answer.Status != http.StatusOK || answer.Header.Get("Cache-Control") != "public, max-age=60" {
		t.Fatalf("%s, %v, %v", answer, answer.Header, err)
	}
	found := map[string]bool{}
	for _, key := range set.Keys {
		found[key.Kid] = true
		if key.Kty != "OKP" || key.Crv != "Ed25519" || key.Alg != "EdDSA" || key.Use != "sig" || key.X == "" || key.D != "" {
			t.Errorf("the set has %v", key)
		}
	}
	if before == after || !found[before] || !found[after] {
		t.Errorf("the set has %v, want the old key %s and the new one %s", found, before, after)
	}
}

func kidOf(t *testing.T, facts string) string {
	t.Helper()
	header, _, _ := strings.Cut(facts, ".")
	text, err := base64.RawURLEncoding.DecodeString(header)
	if err != nil {
		t.Fatal(err)
	}
	var said struct{ Kid string }
	if err := json.Unmarshal(text, &said); err != nil {
		t.Fatal(err)
	}
	return said.Kid
}

// forgeries are facts that no gate has signed.
func forgeries(t *testing.T, facts string, client *harness.Registered) map[string]string {
	t.Helper()
	header, rest, _ := strings.Cut(facts, ".")
	claims, signature, _ := strings.Cut(rest, ".")
	changed := []byte(claims)
	changed[10]++
	return map[string]string{
		"changed claims":  header + "." + string(changed) + "." + signature,
		"an access token": client.Token,
		"no signature":    header + "." + claims + ".",
	}
}

// program writes the program of a page, and returns what runs it.
func program(t *testing.T, l language, text string) func(arguments ...string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, l.file), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	command, environment, missing := l.prepare(t, dir)
	if missing != "" {
		t.Skip(missing)
	}
	if _, err := exec.LookPath(command[0]); err != nil {
		t.Skipf("%s is not installed", command[0])
	}
	return func(arguments ...string) (string, error) {
		run := exec.CommandContext(t.Context(), command[0], slices.Concat(command[1:], []string{l.run}, arguments)...)
		run.Dir, run.Env = dir, append(os.Environ(), environment...)
		said, err := run.Output()
		return string(said), err
	}
}

// internalListener adds the page's listener for the keys, on a port of this machine and with the world's certificate, and
// returns their URL.
func internalListener(t *testing.T, page string) string {
	t.Helper()
	example := listenerExample.FindStringSubmatch(page)
	if example == nil {
		t.Fatal("the page has no listener for the keys")
	}
	port, err := process.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	here := strings.NewReplacer("10.0.0.5:8445", address, "gateway.internal:8445", address, ", server_names: [gateway.internal]", "", "tls/internal", "tls/server")
	change(t, func(text string) string {
		_, listener, _ := strings.Cut(example[1], "\n")
		_, route, _ := strings.Cut(example[2], "\n")
		return strings.Replace(text, "listeners:\n", "listeners:\n"+here.Replace(listener), 1) + "\n" + route
	})
	return "https://" + address + "/facts/jwks"
}
