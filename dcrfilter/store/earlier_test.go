package store

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// kept is a client as the build before this one left it in Redis: see testdata.
type kept struct {
	ID     string            `json:"id"`
	Fields map[string]string `json:"fields"`
	Record []byte            `json:"record"`
}

func readKept(t *testing.T, name string) kept {
	t.Helper()
	text, err := os.ReadFile("testdata/record-" + name + ".json")
	must(t, err)
	var k kept
	must(t, json.Unmarshal(text, &k))
	return k
}

// restore puts it where it was.
func (k kept) restore(t *testing.T, s *Store) {
	t.Helper()
	fields := []any{"record", k.Record}
	for name, value := range k.Fields {
		fields = append(fields, name, value)
	}
	home := shard(k.ID[:2])
	must(t, s.redis.HSet(t.Context(), home.client(k.ID), fields...).Err())
	must(t, s.redis.SAdd(t.Context(), home.software(k.Fields["software"]), k.ID).Err())
}

// TestEarlierRecords reads, updates and deletes records that the build before this one wrote.
func TestEarlierRecords(t *testing.T) {
	const keys, uk, tls = "https://keystore.openbanking.org.uk/0015800001HQQrZAAX/", "oQ4KoaavpOuoE7rvQsZEOV", "tls4KoaavpOuoE7rvQsZEO"
	s := embedded(t)
	for _, test := range []struct {
		name string
		want map[string]string
	}{
		{"uk", map[string]string{
			"directory": "openbanking-uk", "id": uk, "org": "0015800001HQQrZAAX", "number": "123456", "roles": "AISP PISP", "type": "obwac",
			"jwks": keys + uk + ".jwks", "revoked": keys + "revoked/" + uk + ".jwks",
			"org jwks": keys + "0015800001HQQrZAAX.jwks", "org revoked": keys + "revoked/0015800001HQQrZAAX.jwks",
		}},
		{"uk-tls", map[string]string{
			"directory": "openbanking-uk", "id": tls, "org": "0015800001HQQrZAAX", "number": "123456", "roles": "AISP PISP", "type": "qwac",
			"jwks": keys + uk + ".jwks", "revoked": keys + "revoked/" + uk + ".jwks",
			"org jwks": keys + "0015800001HQQrZAAX.jwks", "org revoked": keys + "revoked/0015800001HQQrZAAX.jwks",
		}},
		{"cdr", map[string]string{
			"directory": "cdr-register", "id": "740c368f-ecf9-4d29-a2ea-0514a66b0cdn", "org": "ABC123", "number": "",
			"roles": "data-recipient-software-product", "type": "cdr",
			"jwks": "https://recipient.example/jwks", "revoked": "", "org jwks": "", "org revoked": "",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			earlier := readKept(t, test.name)
			earlier.restore(t, s)
			c, err := s.Client(t.Context(), earlier.ID)
			must(t, err)
			for what, got := range ofSoftware(c) {
				if got != test.want[what] {
					t.Errorf("%s is %q, want %q", what, got, test.want[what])
				}
			}
			c.Scopes = []string{"openid"}
			must(t, s.Update(t.Context(), c, freshJTI("request")))
			updated, err := s.Client(t.Context(), earlier.ID)
			must(t, err)
			if !proto.Equal(updated, c) || updated.GetVersion() != 2 {
				t.Errorf("got %v, want %v", updated, c)
			}
			record, err := s.redis.HGet(t.Context(), shard(earlier.ID[:2]).client(earlier.ID), "record").Bytes()
			must(t, err)
			var before dcrpb.EarlierClient
			must(t, proto.Unmarshal(record, &before))
			if before.GetDirectory()+before.GetSoftwareId()+before.GetJwksUri() != "" {
				t.Errorf("the update kept the earlier form: %v", &before)
			}
			must(t, s.Delete(t.Context(), earlier.ID))
			if n := s.redis.Exists(t.Context(), shard(earlier.ID[:2]).software(earlier.Fields["software"])).Val(); n != 0 {
				t.Error("the deleted client's software still has a client")
			}
		})
	}
}

func ofSoftware(c *dcrpb.Client) map[string]string {
	is, sets := c.GetSoftware(), c.GetSoftware().GetKeySets()
	return map[string]string{
		"directory": is.GetDirectory(), "id": is.GetId(), "org": is.GetOrgId(), "number": is.GetAuthorisationNumber(),
		"roles": strings.Join(is.GetRoles(), " "), "type": c.GetCertificateType(),
		"jwks": sets.GetJwks(), "revoked": sets.GetRevokedJwks(), "org jwks": sets.GetOrgJwks(), "org revoked": sets.GetOrgRevokedJwks(),
	}
}
