package scenario

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// attack is a row of a table of registration requests: what is changed in a good one, and the refusal it deserves.
type attack struct {
	name   string
	change func(request *harness.JWT)
	want   want
}

// refuseAll sends each attack for the software, which is registered after all with a request that nobody has changed:
// the tests refuse nothing but the attacks, and an attack leaves nothing behind.
func refuseAll(t *testing.T, p *tpp, attacks []attack) {
	t.Helper()
	t.Run("attacks", func(t *testing.T) {
		for _, a := range attacks {
			t.Run(a.name, func(t *testing.T) {
				t.Parallel()
				request := p.Request()
				a.change(request)
				a.want.check(t, p.post(t, request))
			})
		}
	})
	p.register(t, nil)
}

// ssaAttack is an attack on the software statement, which is signed with the directory's key unless the change says
// otherwise.
type ssaAttack struct {
	name   string
	change func(ssa *harness.JWT)
	want   want
}

func refuseStatements(t *testing.T, p *tpp, attacks []ssaAttack) {
	t.Helper()
	var all []attack
	for _, a := range attacks {
		ssa := p.ssa(t)
		all = append(all, attack{a.name, func(request *harness.JWT) {
			a.change(ssa)
			request.Claims["software_statement"] = ssa.Compact()
		}, a.want})
	}
	refuseAll(t, p, all)
}

func (p *tpp) ssa(t *testing.T) *harness.JWT {
	t.Helper()
	ssa, err := p.SSA()
	if err != nil {
		t.Fatal(err)
	}
	return ssa
}

// claim sets a claim, noClaim takes one away.
func claim(name string, value any) func(*harness.JWT) {
	return func(token *harness.JWT) { token.Claims[name] = value }
}

func noClaim(name string) func(*harness.JWT) {
	return func(token *harness.JWT) { delete(token.Claims, name) }
}

// head sets a member of the header, noHead takes one away.
func head(name string, value any) func(*harness.JWT) {
	return func(token *harness.JWT) { token.Header[name] = value }
}

func noHead(name string) func(*harness.JWT) {
	return func(token *harness.JWT) { delete(token.Header, name) }
}

// signedBy signs with another key, and says another alg unless that is "".
func signedBy(algorithm string, key any) func(*harness.JWT) {
	return func(token *harness.JWT) {
		token.Key = key
		if algorithm != "" {
			token.Header["alg"] = algorithm
		}
	}
}

// changed changes the token after it was signed.
func changed(change func(compact string) string) func(*harness.JWT) {
	return func(token *harness.JWT) { token.Change = change }
}

// both makes several changes.
func both(changes ...func(*harness.JWT)) func(*harness.JWT) {
	return func(token *harness.JWT) {
		for _, change := range changes {
			change(token)
		}
	}
}

// parts rewrites the three parts of a compact token.
func parts(rewrite func(header, claims, signature string) string) func(*harness.JWT) {
	return changed(func(compact string) string {
		p := strings.SplitN(compact, ".", 3)
		return rewrite(p[0], p[1], p[2])
	})
}

// stranger is a key that nobody has published.
func stranger(t *testing.T) *rsa.PrivateKey { return testkit.RSA(t, 0) }

func strangerEC(t *testing.T) *ecdsa.PrivateKey { return testkit.EC(t) }

// publicTexts are the forms of a public key that an attacker would use as the secret of an HMAC.
func publicTexts(t *testing.T, key crypto.Signer) map[string][]byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"DER": der, "PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})}
}

// longSalt is PS256 with a salt as long as fits: "the size of the salt value is the same size as the hash function
// output" (RFC 7518, section 3.5).
func longSalt(key crypto.Signer) func(*harness.JWT) {
	return func(token *harness.JWT) {
		token.Signature = func(signed string) []byte {
			digest := crypto.SHA256.New()
			digest.Write([]byte(signed))
			out, _ := rsa.SignPSS(rand.Reader, key.(*rsa.PrivateKey), crypto.SHA256, digest.Sum(nil), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto})
			return out
		}
	}
}

// flipped changes one character in the middle of a part, which stays base64url.
func flipped(part string) string {
	at := len(part) / 2
	other := byte('A')
	if part[at] == other {
		other = 'B'
	}
	return part[:at] + string(other) + part[at+1:]
}
