package store

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// The keys that belong to no client.
const (
	shardsKey       = "dcr:shards"
	installationKey = "dcr:installation" // its id
	signingKeysKey  = "dcr:keys"
	factsKeyPrefix  = "dcr:facts:"
	factsKeysKey    = "dcr:facts" // when each key of facts was last published
	versionPrefix   = "dcr:version:"
	versionsKey     = "dcr:versions" // when each version was last published
	issuersKey      = "dcr:issuers"  // until when tokens of each may be valid
)

// clientIDLength is the length of two hex digits and 16 bytes in base64url.
const clientIDLength = 24

// A shard is two hex digits. They are the hash tag of all keys of a client, so that each write stays within one slot of
// a Redis Cluster.
type shard string

func (s shard) client(id string) string       { return s.key("client", id) }
func (s shard) deletion(id string) string     { return s.key("deleted", id) }
func (s shard) software(digest string) string { return s.key("software", digest) }

// The name "nonce" stays, because jtis that were used before are stored under it.
func (s shard) usedJTI(n *dcrpb.UsedJTI) string { return s.key("nonce", n.Purpose+":"+n.Id) }

// An authorization server may use any text as a token's id; its digest has a fixed length.
func (s shard) revocation(clientID, tokenID string) string {
	return s.key("revoked", base64url(digest(clientID, tokenID)))
}

func (s shard) key(kind, name string) string { return "{dcr:" + string(s) + "}:" + kind + ":" + name }

// softwareShard returns the shard of a software product's clients.
func (s *Store) softwareShard(of *dcrpb.Software) shard {
	sum := digest(of.GetDirectory(), of.GetId())
	return shardOf(int(binary.BigEndian.Uint64(sum[:]) % uint64(s.shards)))
}

func shardOf(number int) shard { return shard(fmt.Sprintf("%02x", number)) }

// clientShard returns the shard of a client, or false for a client id that this store cannot have made.
func (s *Store) clientShard(id string) (shard, bool) {
	if len(id) != clientIDLength {
		return "", false
	}
	const digits = "0123456789abcdef"
	high, low := strings.IndexByte(digits, id[0]), strings.IndexByte(digits, id[1])
	if high < 0 || low < 0 || high*16+low >= s.shards {
		return "", false
	}
	for _, c := range []byte(id[2:]) {
		if !isBase64url(c) {
			return "", false
		}
	}
	return shard(id[:2]), true
}

func isBase64url(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

// softwareDigest is the name of a software product in its index.
func softwareDigest(of *dcrpb.Software) string {
	return base64url(digest(of.GetDirectory(), of.GetId()))
}

// digest is the SHA-256 of the texts, each preceded by its length, so that no two lists have the same input.
func digest(texts ...string) [sha256.Size]byte {
	var b []byte
	for _, t := range texts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(t)))
		b = append(b, t...)
	}
	return sha256.Sum256(b)
}

func base64url(sum [sha256.Size]byte) string { return base64.RawURLEncoding.EncodeToString(sum[:]) }
