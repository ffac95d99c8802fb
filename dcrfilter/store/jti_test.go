package store

import (
	"testing"
	"time"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

func burntJTIs(t *testing.T, s *Store) {
	id := s.NewClientID(obie("software"))
	burn := freshJTI("assertion")
	wantOne(t, parallel(100, func() error { return s.Burn(t.Context(), id, burn) }), ErrReplayed)

	another := &dcrpb.UsedJTI{Purpose: "request", Id: burn[0].Id, Exp: burn[0].Exp}
	must(t, s.Burn(t.Context(), id, []*dcrpb.UsedJTI{another})) // one jti, two purposes
	must(t, s.Burn(t.Context(), id, nil))
	for name, n := range map[string]*dcrpb.UsedJTI{
		"no purpose": {Id: "id", Exp: 4e9},
		"no id":      {Purpose: "request", Exp: 4e9},
		"no exp":     {Purpose: "request", Id: "id"},
		"nothing":    nil,
	} {
		wantFailure(t, name, s.Burn(t.Context(), id, []*dcrpb.UsedJTI{n}))
		wantFailure(t, name+": create", s.Create(t.Context(), newClient(s, name), []*dcrpb.UsedJTI{n}, true))
	}
}

func usedJTIsExpire(t *testing.T, s *Store) {
	id := s.NewClientID(obie("software"))
	shard, _ := s.clientShard(id)
	burn := append(freshJTI("request"), freshJTI("assertion")...)
	burn[0].Exp, burn[1].Exp = uint32(at(100).Unix()), uint32(at(200).Unix())
	must(t, s.Burn(t.Context(), id, burn))
	wantExpiry(t, s, shard.usedJTI(burn[0]), at(160))
	wantExpiry(t, s, shard.usedJTI(burn[1]), at(260))

	c := newClient(s, "software")
	burn = append(freshJTI("request"), freshJTI("statement")...)
	burn[0].Exp, burn[1].Exp = uint32(at(300).Unix()), uint32(at(400).Unix())
	must(t, s.Create(t.Context(), c, burn, true))
	shard, _ = s.clientShard(c.Id)
	wantExpiry(t, s, shard.usedJTI(burn[0]), at(360))
	wantExpiry(t, s, shard.usedJTI(burn[1]), at(460))

	burn = freshJTI("request")
	burn[0].Exp = uint32(time.Now().Add(-drift).Unix()) // forgotten within a second: burnt twice, the token is dead
	must(t, s.Update(t.Context(), c, burn))
	wantExpiry(t, s, shard.usedJTI(burn[0]), time.Time{})
}
