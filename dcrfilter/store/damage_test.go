package store

import (
	"testing"

	"google.golang.org/protobuf/proto"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

func incompleteClients(t *testing.T, s *Store) {
	kept := newClient(s, "software")
	must(t, s.Create(t.Context(), kept, nil, true))
	for name, spoil := range map[string]func(c *dcrpb.Client){
		"no state":      func(c *dcrpb.Client) { c.State = dcrpb.Client_STATE_UNSPECIFIED },
		"unknown state": func(c *dcrpb.Client) { c.State = 3 },
		"no directory":  func(c *dcrpb.Client) { c.Software.Directory = "" },
		"no software":   func(c *dcrpb.Client) { c.Software.Id = "" },
		"no generation": func(c *dcrpb.Client) { c.Generation = 0 },
		"no UTF-8":      func(c *dcrpb.Client) { c.Software.OrgId = "\xff" },
	} {
		c := proto.CloneOf(kept)
		spoil(c)
		wantFailure(t, name+": update", s.Update(t.Context(), c, nil))
		c.Id = s.NewClientID(c.Software)
		if err := s.Create(t.Context(), c, nil, false); name != "no generation" {
			wantFailure(t, name+": create", err)
		}
	}
	other := newClient(s, "software")
	other.Id = s.NewClientID(obie(softwareElsewhere(s)))
	wantFailure(t, "another shard", s.Create(t.Context(), other, nil, false))
}

func damagedRecords(t *testing.T, s *Store) {
	another := newClient(s, "another")
	another.Version, another.Generation = 1, 1
	for name, fields := range map[string][]any{
		"no protobuf":         {"record", "\xff\xff"},
		"an empty record":     {"record", ""},
		"another generation":  {"generation", "2"},
		"generation 0":        {"generation", "0"},
		"no generation":       {"generation", ""},
		"another version":     {"version", "2"},
		"another state":       {"state", "2"},
		"state unspecified":   {"state", "0"},
		"an unknown state":    {"state", "3"},
		"no state":            {"state", ""},
		"another's record":    {"record", string(marshal(t, another))},
		"a record of a state": {"record", string(marshal(t, &dcrpb.Client{}))},
	} {
		c := newClient(s, name)
		must(t, s.Create(t.Context(), c, nil, false))
		shard, _ := s.clientShard(c.Id)
		must(t, s.redis.HSet(t.Context(), shard.client(c.Id), fields...).Err())
		_, err := s.Client(t.Context(), c.Id)
		wantFailure(t, name, err)
	}
	for _, missing := range []string{"record", "state", "generation", "version"} {
		c := newClient(s, missing)
		must(t, s.Create(t.Context(), c, nil, false))
		shard, _ := s.clientShard(c.Id)
		must(t, s.redis.HDel(t.Context(), shard.client(c.Id), missing).Err())
		_, err := s.Client(t.Context(), c.Id)
		wantFailure(t, "without "+missing, err)
	}
}

// A script that fails has written nothing.
func damagedIndex(t *testing.T, s *Store) {
	for name, damage := range map[string]func(client, software string) []any{
		"no software":      func(client, _ string) []any { return []any{"HDEL", client, "software"} },
		"another software": func(client, _ string) []any { return []any{"HSET", client, "software", "another"} },
		"no entry":         func(_, software string) []any { return []any{"DEL", software} },
		"no set":           func(_, software string) []any { return []any{"SET", software, "x"} },
	} {
		c := newClient(s, name)
		must(t, s.Create(t.Context(), c, nil, false))
		shard, _ := s.clientShard(c.Id)
		software := shard.software(softwareDigest(obie(name)))
		must(t, s.redis.Do(t.Context(), damage(shard.client(c.Id), software)...).Err())
		wantFailure(t, name, s.Delete(t.Context(), c.Id))
		wantStored(t, s, c, 1, 1)
	}
	fresh, burn := newClient(s, "no set"), freshJTI("request")
	wantFailure(t, "create", s.Create(t.Context(), fresh, burn, false))
	_, err := s.Client(t.Context(), fresh.Id)
	wantError(t, "half a client", err, ErrNotFound)
	must(t, s.Burn(t.Context(), fresh.Id, burn))
}
