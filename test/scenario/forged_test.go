package scenario

import (
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// forged are the attacks on the signature that requests and statements share. A refusal's rule begins with the prefix
// of what was attacked.
func forged(t *testing.T, p *tpp, signer string, refused func(rule string) want) []attack {
	key, other, elliptic := p.Signing, stranger(t), strangerEC(t)
	if signer == "statement" {
		key = p.World.StatementKey
	}
	form := func(rule string) want { return refused(signer + ".jws." + rule) }
	unsigned, noKey := refused(signer+".signature"), metadata("keys.set") // the software product has no EC key
	if signer == "statement" {
		noKey = unsigned // the directory has one
	}
	rows := []attack{
		{"alg none without a signature", signedBy("none", nil), form("compact")},
		{"alg none with a signature", head("alg", "none"), form("alg")},
		{"alg None with a signature", head("alg", "None"), form("alg")},
		{"alg absent", noHead("alg"), form("alg")},
		{"alg empty", head("alg", ""), form("alg")},
		{"alg null", head("alg", nil), form("alg")},
		{"alg a list", head("alg", []string{"PS256"}), form("alg")},
		{"alg in small letters", head("alg", "ps256"), form("alg")},
		{"RS256", signedBy("RS256", key), form("alg")},
		{"RS256, called PS256", func(j *harness.JWT) { j.Algorithm = "RS256" }, unsigned},
		{"HS256 with a secret", signedBy("HS256", []byte("secret")), form("alg")},
		{"EdDSA", head("alg", "EdDSA"), form("alg")},
		{"PS512", head("alg", "PS512"), form("alg")},
		{"PS256 with a stranger's key", signedBy("", other), unsigned},
		{"ES256 with a stranger's key", signedBy("ES256", elliptic), noKey},
		{"ES256, with an RSA signature", head("alg", "ES256"), noKey},
		{"PS256 with a salt of another length", longSalt(key), unsigned},
		{"no signature", parts(func(h, c, _ string) string { return h + "." + c + "." }), form("compact")},
		{"two parts", parts(func(h, c, _ string) string { return h + "." + c }), form("compact")},
		{"five parts, as a JWE", parts(func(h, c, s string) string { return h + "." + c + "." + s + ".AA.AA" }), form("compact")},
		{"the signature of another token", parts(func(h, c, _ string) string { return h + "." + c + "." + strings.Repeat("A", 342) }), unsigned},
		{"a signature with a bit flipped", parts(func(h, c, s string) string { return h + "." + c + "." + flipped(s) }), unsigned},
		{"a signature cut short", parts(func(h, c, s string) string { return h + "." + c + "." + s[:340] }), unsigned},
		{"a signature with padding", changed(func(s string) string { return s + "==" }), form("base64")},
		{"a line break in the signature", parts(func(h, c, s string) string { return h + "." + c + "." + s[:64] + "\n" + s[64:] }), form("base64")},
		{"trailing bits in the signature", parts(func(h, c, s string) string { return h + "." + c + "." + s[:len(s)-1] + "_" }), form("base64")},
		{"a header with padding", parts(func(h, c, s string) string { return h + "=." + c + "." + s }), form("base64")},
		{"standard base64 in the claims", parts(func(h, c, s string) string { return h + "." + c[:8] + "+/" + c[10:] + "." + s }), form("base64")},
	}
	for name, text := range publicTexts(t, key) {
		rows = append(rows, attack{"HS256 keyed with the public key, " + name, signedBy("HS256", text), form("alg")})
	}
	return append(rows, forgedHeaders(form, unsigned)...)
}

// forgedHeaders are attacks that are signed well: only the header is not as it must be.
func forgedHeaders(form func(rule string) want, unsigned want) []attack {
	long := strings.Repeat("k", 256)
	return []attack{
		{"an embedded jwk", head("jwk", map[string]string{"kty": "RSA", "n": "AQAB", "e": "AQAB"}), form("embedded_key")},
		{"an embedded x5c", head("x5c", []string{"MIIB"}), form("embedded_key")},
		{"a jku", head("jku", "https://127.0.0.1:1/keys.jwks"), form("embedded_key")},
		{"an x5u", head("x5u", "https://127.0.0.1:1/cert.pem"), form("embedded_key")},
		{"an empty x5c", head("x5c", []string{}), form("embedded_key")},
		{"crit with a claim we know", head("crit", []string{"exp"}), form("crit")},
		{"an empty crit", head("crit", []string{}), form("crit")},
		{"b64 false with crit", both(head("crit", []string{"b64"}), head("b64", false)), form("crit")},
		{"b64 false without crit", head("b64", false), form("crit")},
		{"b64 true", head("b64", true), form("crit")},
		{"zip", head("zip", "DEF"), form("header")},
		{"an access token's typ", head("typ", "at+jwt"), form("typ")},
		{"typ not a string", head("typ", 1), form("typ")},
		{"kid absent", noHead("kid"), form("kid")},
		{"kid empty", head("kid", ""), form("kid")},
		{"kid not a string", head("kid", 7), form("kid")},
		{"kid too long", head("kid", long), form("kid")},
		{"kid with a control character", head("kid", "a\nb"), form("kid")},
		{"kid that nobody has", head("kid", "nobody"), unsigned},
		{"kid that is a path", head("kid", "../../../../dev/null"), unsigned},
		{"kid that is a query", head("kid", "x' OR '1'='1"), unsigned},
	}
}

func TestForgedRequests(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	otherOrg, sibling := newTPP(t), enrol(t, gateway, harness.Order{OrgID: p.OrgID})
	rows := append(forged(t, p, "request", metadata),
		attack{"signed by another organisation's software, with its kid",
			both(signedBy("", otherOrg.Signing), head("kid", otherOrg.SigningKeyID)), metadata("request.signature")},
		attack{"signed by another software of the organisation, with its kid",
			both(signedBy("", sibling.Signing), head("kid", sibling.SigningKeyID)), metadata("request.signature")},
		attack{"signed by another software, with our kid", signedBy("", sibling.Signing), metadata("request.signature")},
		attack{"signed with the transport key, whose use is tls",
			both(signedBy("", p.Transport.PrivateKey), head("kid", p.TransportKeyID)), metadata("request.signature")},
		attack{"signed with the transport key, with the signing key's kid", signedBy("", p.Transport.PrivateKey), metadata("request.signature")},
		attack{"signed with the directory's key",
			both(signedBy("", p.World.StatementKey), head("kid", p.World.File.Directory.StatementKeyID)), metadata("request.signature")},
		attack{"tampered claims", parts(func(h, _, s string) string {
			return h + "." + harness.Encode([]byte(`{"software_statement":"`+p.StatementText+`"}`)) + "." + s
		}), metadata("request.signature")},
	)
	refuseAll(t, p, rows)
}

func TestForgedStatements(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	var rows []ssaAttack
	for _, a := range forged(t, p, "statement", unfit) {
		rows = append(rows, ssaAttack(a))
	}
	bad := unfit("statement.signature")
	rows = append(rows,
		ssaAttack{"signed by the TPP, with the directory's kid", signedBy("", p.Signing), bad},
		ssaAttack{"signed by the TPP, with its own kid, as in the seeds", both(signedBy("", p.Signing), head("kid", p.SigningKeyID)), bad},
		ssaAttack{"signed by another directory of the same name", both(signedBy("", stranger(t)), head("kid", "another-directory")), bad},
		ssaAttack{"typ absent", noHead("typ"), unfit("statement.jws.typ")},
		ssaAttack{"claims that are no JSON any more", parts(func(h, c, s string) string { return h + ".A" + c[1:] + "." + s }), unfit("statement.jws.payload")},
		ssaAttack{"tampered well", func(ssa *harness.JWT) {
			ssa.Change = func(compact string) string {
				ssa.Change = nil
				ssa.Claims["software_roles"] = []string{"AISP", "PISP", "CBPII", "ASPSP"}
				tampered, genuine := strings.Split(ssa.Compact(), "."), strings.Split(compact, ".")
				return genuine[0] + "." + tampered[1] + "." + genuine[2]
			}
		}, bad},
		ssaAttack{"an iss that is not trusted", claim("iss", "Another Directory"), unapproved("statement.issuer")},
		ssaAttack{"an iss in other letters", claim("iss", "openbanking ltd"), unapproved("statement.issuer")},
		ssaAttack{"an iss with a space behind it", claim("iss", "OpenBanking Ltd "), unapproved("statement.issuer")},
		ssaAttack{"an empty iss", claim("iss", ""), unapproved("statement.issuer")},
		ssaAttack{"no iss", noClaim("iss"), unfit("statement.iss")},
		ssaAttack{"a list of iss", claim("iss", []string{"OpenBanking Ltd"}), unfit("statement.iss")},
	)
	refuseStatements(t, p, rows)
}

// A statement that the directory signs with ES256 is as good (OBIE directory: "ES256 or PS256").
func TestStatementWithES256(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	statement := p.statement(t, harness.Changes{Header: map[string]any{"alg": "ES256"}})
	p.register(t, claim("software_statement", statement))
}

// "x5t" and "x5t#S256" name a key and embed none: they are tolerated. Neither is a typ in other letters.
func TestHarmlessHeaders(t *testing.T) {
	t.Parallel()
	newTPP(t).register(t, both(head("x5t", "abc"), head("x5t#S256", "abc"), head("typ", "jwt"), head("cty", "x")))
	newTPP(t).register(t, noHead("typ")) // the seeds' PUT has none
}
