package reload

import (
	"crypto/tls"
	"crypto/x509/pkix"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// serverFiles are the files that both listeners have their certificate from.
var serverFiles = struct{ certificate, key string }{"tls/server.pem", "tls/server.key"}

// TestTheServerCertificateIsChanged replaces the two files one after the other in every order and way that people and
// programs do it, while clients connect all the time: none is turned away, and none waits a second for the new one.
func TestTheServerCertificateIsChanged(t *testing.T) {
	rounds := 5
	if harness.Race || testing.Short() {
		rounds = 2
	}
	ca := keepServerFiles(t)
	r := world.Register(t, harness.Order{})
	guests := connect(t, r, &ca)
	for range rounds {
		for _, way := range []struct {
			name string
			put  func(t *testing.T, certificate, key []byte)
		}{
			{"certificate, then key", func(t *testing.T, certificate, key []byte) {
				overwrite(t, serverFiles.certificate, certificate)
				overwrite(t, serverFiles.key, key)
			}},
			{"key, then certificate", func(t *testing.T, certificate, key []byte) {
				overwrite(t, serverFiles.key, key)
				overwrite(t, serverFiles.certificate, certificate)
			}},
			{"key, and the certificate once that was noticed", func(t *testing.T, certificate, key []byte) {
				overwrite(t, serverFiles.key, key)
				awaitMisfit(t)
				overwrite(t, serverFiles.certificate, certificate)
			}},
			{"certificate, and the key once that was noticed", func(t *testing.T, certificate, key []byte) {
				exchange(t, serverFiles.certificate, certificate)
				awaitMisfit(t)
				exchange(t, serverFiles.key, key)
			}},
			{"renamed", func(t *testing.T, certificate, key []byte) {
				exchange(t, serverFiles.certificate, certificate)
				exchange(t, serverFiles.key, key)
			}},
			{"deleted and made again", func(t *testing.T, certificate, key []byte) {
				remove(t, serverFiles.key)
				remove(t, serverFiles.certificate)
				awaitMisfit(t)
				overwrite(t, serverFiles.certificate, certificate)
				overwrite(t, serverFiles.key, key)
			}},
			{"half a certificate", func(t *testing.T, certificate, key []byte) {
				overwrite(t, serverFiles.certificate, certificate[:len(certificate)/2])
				awaitMisfit(t)
				overwrite(t, serverFiles.certificate, certificate)
				overwrite(t, serverFiles.key, key)
			}},
		} {
			certificate, key, serial := serverPair(t, &ca)
			way.put(t, certificate, key)
			guests.awaitSerial(t, way.name, serial, world.MTLS())
			if status, err := world.AwaitStatus(t.Context(), patience, (*harness.Status).InForce); err != nil || status.Source != "file" {
				t.Errorf("%s: it is repaired, and not healthy: %v", way.name, err)
			}
		}
	}
	guests.judge(t)
}

// A certificate that cannot be used changes nothing: the previous one stays active, the status says why, and routes.yaml waits with
// it. Once it is repaired, everything is active.
func TestACertificateThatCannotBeUsed(t *testing.T) {
	ca := keepServerFiles(t)
	text, r := original(t), world.Register(t, harness.Order{})
	certificate, key, serial := serverPair(t, &ca)
	guests := connect(t, r, &ca)
	for i, test := range []struct{ name, file, content, says string }{
		{"the key of another", serverFiles.key, foreignKey(t, &ca), "key"},
		{"no key", serverFiles.key, "", "key"},
		{"no certificate", serverFiles.certificate, "nothing\n", "certificate"},
		{"too weak for Envoy", "", "", "1024"},
	} {
		t.Run(test.name, func(t *testing.T) {
			overwrite(t, serverFiles.certificate, certificate)
			overwrite(t, serverFiles.key, key)
			guests.awaitSerial(t, "before", serial, world.MTLS())
			awaitWell(t)
			if test.file == "" {
				weak, weakKey := weakPair(t, &ca)
				overwrite(t, serverFiles.certificate, weak)
				overwrite(t, serverFiles.key, weakKey)
			} else {
				overwrite(t, test.file, []byte(test.content))
			}
			name := fmt.Sprintf("fx%d", i)
			save(t, text+route(name))
			status, err := world.AwaitStatus(t.Context(), patience, func(s *harness.Status) bool {
				return !s.Healthy && strings.Contains(s.Why+s.File.Refused, test.says)
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s; %s", status.Why, status.File.Refused)
			for range 20 {
				if now, err := guests.shake(world.MTLS()); err != nil || now != serial {
					t.Fatalf("certificate %s, %v; want the one before", now, err)
				}
			}
			if answer := tokenless(t, r, "/"+name+"/1"); answer.Status != http.StatusNotFound {
				t.Errorf("a route of a version that is refused: %s", answer)
			}
			overwrite(t, serverFiles.certificate, certificate)
			overwrite(t, serverFiles.key, key)
			await(t, http.StatusUnauthorized, func() *harness.Answer { return tokenless(t, r, "/"+name+"/1") })
		})
	}
	guests.judge(t)
}

func awaitWell(t *testing.T) {
	t.Helper()
	if _, err := world.AwaitStatus(t.Context(), patience, (*harness.Status).InForce); err != nil {
		t.Error(err)
	}
}

// keepServerFiles puts the server's certificate and key back when the test ends. It returns a CA for others.
func keepServerFiles(t *testing.T) tls.Certificate {
	t.Helper()
	t.Cleanup(func() { // after the files are there again, for the next test
		own := &guests{config: world.TLS(nil)}
		own.awaitSerial(t, "put back", "", world.File.Issuer)
	})
	for _, name := range []string{serverFiles.certificate, serverFiles.key} {
		text, err := os.ReadFile(world.Path(name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { overwrite(t, name, text) })
	}
	return harness.OwnCA(t, pkix.Name{CommonName: "Another Server CA"})
}

// overwrite writes a file where it is: who reads it meanwhile finds it empty, or half of it.
func overwrite(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(world.Path(name), text, 0o600); err != nil {
		t.Error(err)
	}
}

// exchange has another file take a file's name.
func exchange(t *testing.T, name string, text []byte) {
	t.Helper()
	overwrite(t, name+".new", text)
	if err := os.Rename(world.Path(name+".new"), world.Path(name)); err != nil {
		t.Error(err)
	}
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(world.Path(name)); err != nil {
		t.Error(err)
	}
}

// awaitMisfit waits until the gate has noticed that the files do not belong together, and says so.
func awaitMisfit(t *testing.T) *harness.Status {
	t.Helper()
	status, err := world.AwaitStatus(t.Context(), patience, func(s *harness.Status) bool { return !s.Healthy && s.Why != "" })
	if err != nil {
		t.Fatal(err)
	}
	return status
}
