package desk

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"maps"
	"sync"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	requests "github.com/dcr-gateway/dcr-gateway/dcrfilter/request"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
)

// standInBits is the least that the gate accepts.
const standInBits = 2048

// standInID is the kid of a request that is not signed yet.
const standInID = "lint"

// body returns the request for the filter: unchanged if all signatures can be checked, otherwise with stand-ins.
func (l *linter) body() (string, error) {
	if l.request.raw == "" && l.softwareJWKS != "" && l.profile.Body == dcr.BodyJWS {
		l.answer.Notes = append(l.answer.Notes, "--software-jwks verifies nothing yet: the request is not signed")
	}
	replaced, err := l.standInStatement()
	if err != nil {
		return "", err
	}
	return l.standInRequest(replaced)
}

// standInStatement replaces a statement whose signature cannot be checked by one that verifies.
func (l *linter) standInStatement() (replaced bool, err error) {
	unverified, form := trust.ParseStatement(l.request.ssa)
	if l.jwks != "" {
		set, err := readKeys(l.jwks)
		if err == nil && l.directory != nil {
			l.keys.sets[l.directory.JWKS] = set
		}
		return false, err
	}
	if form != nil || l.directory == nil { // the gate refuses it before it looks up keys
		return false, nil
	}
	l.notChecked("the signature of the software statement: --jwks FILE names the directory's key set")
	stand, set, err := l.sign(unverified.Algorithm, unverified.KeyID, l.request.statement.payload)
	if err != nil {
		return false, err
	}
	l.keys.sets[l.directory.JWKS] = set
	return true, l.request.replaceStatement(stand)
}

// standInRequest signs the request if it is not signed, its key set is missing, or its statement has been replaced. In the
// last case the stand-in verifies only if the request itself does.
func (l *linter) standInRequest(replaced bool) (string, error) {
	set, err := l.softwareKeys()
	if err != nil {
		return "", err
	}
	algorithm, id, genuine := jose.ES256, standInID, true
	if known := set.Algorithms(); len(known) > 0 {
		algorithm = known[0]
	} else if set.Signing, err = standInKeys(); err != nil {
		return "", err
	}
	if l.profile.Body == dcr.BodyJSON {
		l.keys.publish(l.directory, l.request.statement, set)
		return cmp.Or(l.request.raw, string(l.request.payload)), nil
	}
	if l.request.raw == "" {
		l.notChecked("the signature and the header of the request: it is not signed yet")
	} else {
		read, err := requests.Read(l.profile, []byte(l.request.raw))
		if err != nil { // for the gate to say
			return l.request.raw, nil
		}
		unverified := read.JWS
		algorithm, id = unverified.Algorithm, unverified.KeyID
		if l.softwareJWKS == "" {
			l.notChecked("the signature of the request: --software-jwks FILE names the software product's key set")
		} else if !replaced {
			l.keys.publish(l.directory, l.request.statement, set)
			return l.request.raw, nil
		} else {
			_, err := unverified.Verify(set)
			genuine = err == nil
		}
	}
	stand, own, err := l.sign(algorithm, id, l.request.payload)
	if err != nil {
		return "", err
	}
	if genuine {
		set.Signing = append(own.Signing, set.Signing...)
	}
	l.keys.publish(l.directory, l.request.statement, set)
	return stand, nil
}

// softwareKeys reads the software product's key set; it is empty without a file.
func (l *linter) softwareKeys() (jose.KeySet, error) {
	if l.softwareJWKS == "" {
		l.notChecked("whether the software product has keys for the algorithms that the request names: --software-jwks FILE names its key set")
		return jose.KeySet{TLS: map[string]bool{}}, nil
	}
	set, err := readKeys(l.softwareJWKS)
	set.TLS = maps.Clone(set.TLS)
	return set, err
}

// sign signs claims with a key of this run, and returns the key set that verifies it.
func (l *linter) sign(algorithm, id string, claims []byte) (string, jose.KeySet, error) {
	key, err := newKey(algorithm)
	if err != nil {
		return "", jose.KeySet{}, err
	}
	compact, err := jose.Sign(key, jose.Header{Algorithm: algorithm, Type: "JWT", KeyID: id}, claims)
	set := jose.KeySet{Signing: []jose.Key{{ID: id, Public: key.Public()}}, KeyIDs: map[string]bool{id: true}, TLS: map[string]bool{}}
	return compact, set, err
}

// standInKeys are keys for every algorithm, of a software product whose key set is not known here. They verify nothing:
// their private halves are lost.
func standInKeys() ([]jose.Key, error) {
	var keys []jose.Key
	for _, algorithm := range jose.FAPI {
		key, err := newKey(algorithm)
		if err != nil {
			return nil, err
		}
		keys = append(keys, jose.Key{ID: "for " + algorithm, Public: key.Public()})
	}
	return keys, nil
}

// standInRSA is generated once, because finding primes is slow.
var standInRSA = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, standInBits) })

func newKey(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case jose.PS256:
		return standInRSA()
	case jose.ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	return nil, fmt.Errorf("no stand-in for %s", algorithm)
}
