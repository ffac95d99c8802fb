package store

import (
	"crypto/rand"
	"errors"
	"regexp"
	"testing"

	"google.golang.org/protobuf/proto"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

func clientIDs(t *testing.T, s *Store) {
	form := regexp.MustCompile(`^0[0-9a-f][A-Za-z0-9_-]{22}$`)
	seen, shards := map[string]bool{}, map[string]bool{}
	for range 500 {
		id := s.NewClientID(obie(rand.Text()))
		if !form.MatchString(id) || seen[id] {
			t.Fatalf("client id %q", id)
		}
		seen[id], shards[id[:2]] = true, true
	}
	if len(shards) != 16 {
		t.Errorf("500 softwares are in %d shards, want 16", len(shards))
	}
	if a, b := s.NewClientID(obie("software")), s.NewClientID(obie("software")); a[:2] != b[:2] || a == b {
		t.Errorf("two ids of one software: %q, %q", a, b)
	}
}

func clientLife(t *testing.T, s *Store) {
	c := newClient(s, "software")
	_, err := s.Client(t.Context(), c.Id)
	wantError(t, "read before", err, ErrNotFound)

	must(t, s.Create(t.Context(), c, freshJTI("request"), true))
	wantStored(t, s, c, 1, 1)

	c.State, c.Generation, c.Scopes = dcrpb.Client_SUSPENDED, 7, []string{"accounts"}
	must(t, s.Update(t.Context(), c, freshJTI("request")))
	wantStored(t, s, c, 2, 7)

	must(t, s.Delete(t.Context(), c.Id))
	_, err = s.Client(t.Context(), c.Id)
	wantError(t, "read after", err, ErrNotFound)
	wantError(t, "deleted twice", s.Delete(t.Context(), c.Id), ErrNotFound)
	wantError(t, "updated after", s.Update(t.Context(), c, nil), ErrNotFound)
	must(t, s.Create(t.Context(), newClient(s, "software"), nil, true)) // its software is free again
}

func strangeClientIDs(t *testing.T, s *Store) {
	id := s.NewClientID(obie("software"))
	for name, strange := range map[string]string{
		"empty":                "",
		"short":                id[:23],
		"long":                 id + "A",
		"no hex":               "0g" + id[2:],
		"upper case":           "0A" + id[2:],
		"no such shard":        "10" + id[2:],
		"another hash tag":     id[:21] + "{a}",
		"white space":          id[:23] + " ",
		"not ASCII":            id[:22] + "ſ",
		"something else's key": "dcr:shards",
	} {
		_, err := s.Client(t.Context(), strange)
		wantError(t, name+": read", err, ErrNotFound)
		c := newClient(s, "software")
		c.Id = strange
		wantFailure(t, name+": create", s.Create(t.Context(), c, nil, false))
		wantError(t, name+": update", s.Update(t.Context(), c, nil), ErrNotFound)
		wantError(t, name+": delete", s.Delete(t.Context(), strange), ErrNotFound)
		wantError(t, name+": burn", s.Burn(t.Context(), strange, freshJTI("assertion")), ErrNotFound)
		wantError(t, name+": revoke", s.Revoke(t.Context(), strange, "token", inAnHour()), ErrNotFound)
		if standing, err := s.Standing(t.Context(), strange, "token"); err != nil || standing != (Standing{}) {
			t.Errorf("%s: standing %v %v", name, standing, err)
		}
	}
}

func oneClientForASoftware(t *testing.T, s *Store) {
	errs := parallel(100, func() error { return s.Create(t.Context(), newClient(s, "software"), nil, true) })
	wantOne(t, errs, ErrDuplicate)
	must(t, s.Create(t.Context(), newClient(s, "another"), nil, true))
	must(t, s.Create(t.Context(), newClient(s, "software"), nil, false))
	wantError(t, "unique beside two", s.Create(t.Context(), newClient(s, "software"), nil, true), ErrDuplicate)

	// The directory and the software id are two texts, not one.
	a, b := newClient(s, "ab"), newClient(s, "b")
	a.Software.Directory, b.Software.Directory = "x", "xa"
	a.Id, b.Id = s.NewClientID(a.Software), s.NewClientID(b.Software)
	must(t, s.Create(t.Context(), a, nil, true))
	must(t, s.Create(t.Context(), b, nil, true))
}

func existingClients(t *testing.T, s *Store) {
	_, err := s.Existing(t.Context(), obie("software"))
	wantError(t, "none", err, ErrNotFound)
	c := newClient(s, "software")
	must(t, s.Create(t.Context(), c, nil, true))
	id, err := s.Existing(t.Context(), obie("software"))
	if must(t, err); id != c.Id {
		t.Errorf("found %s, want %s", id, c.Id)
	}
	must(t, s.Create(t.Context(), newClient(s, "software"), nil, false))
	_, err = s.Existing(t.Context(), obie("software"))
	wantError(t, "several", err, ErrDuplicate)
}

// What a client is given a token with counts once; a refusal marks neither the client nor a jti.
func grantedClients(t *testing.T, s *Store) {
	c := newClient(s, "software")
	must(t, s.Create(t.Context(), c, nil, true))
	granted := func() bool {
		t.Helper()
		is, err := s.Granted(t.Context(), c.Id)
		must(t, err)
		return is
	}
	used := freshJTI("assertion")
	must(t, s.Burn(t.Context(), c.Id, used))
	err := s.Grant(t.Context(), c.Id, append(freshJTI("assertion"), used...))
	wantError(t, "replayed", err, ErrReplayed)
	if replay, ok := errors.AsType[*ReplayError](err); !ok || replay.Index != 1 {
		t.Errorf("the second jti was used before: got %v", err)
	}
	if granted() {
		t.Error("a client without a token was given one")
	}
	must(t, s.Grant(t.Context(), c.Id, nil))
	if !granted() {
		t.Error("a client with a token was given none")
	}
	fresh := freshJTI("assertion")
	must(t, s.Grant(t.Context(), c.Id, fresh))
	wantError(t, "replayed", s.Grant(t.Context(), c.Id, fresh), ErrReplayed)
	c.Scopes = nil
	must(t, s.Update(t.Context(), c, nil))
	if !granted() {
		t.Error("an update forgets the tokens")
	}
	must(t, s.Delete(t.Context(), c.Id))
	if granted() {
		t.Error("a deleted client has tokens")
	}
	wantError(t, "deleted", s.Grant(t.Context(), c.Id, freshJTI("assertion")), ErrNotFound)
	wantError(t, "foreign", s.Grant(t.Context(), "x", nil), ErrNotFound)
}

func oneCreationForAJTI(t *testing.T, s *Store) {
	burn := append(freshJTI("request"), freshJTI("statement")...)
	errs := parallel(100, func() error { return s.Create(t.Context(), newClient(s, "software"), burn, false) })
	wantOne(t, errs, ErrReplayed)
	// A replay is told as one also where the software has a client by now.
	wantError(t, "unique", s.Create(t.Context(), newClient(s, "software"), burn, true), ErrReplayed)
}

func oneOfManyUpdates(t *testing.T, s *Store) {
	c := newClient(s, "software")
	must(t, s.Create(t.Context(), c, nil, true))
	errs := parallel(50, func() error { return s.Update(t.Context(), proto.CloneOf(c), freshJTI("request")) })
	wantOne(t, errs, ErrConflict)
	wantError(t, "a stale version", s.Update(t.Context(), c, nil), ErrConflict)
	c.Version = 2
	wantStored(t, s, c, 2, 1)
}

func refusedWritesDoNothing(t *testing.T, s *Store) {
	c := newClient(s, "software")
	must(t, s.Create(t.Context(), c, nil, true))
	used, fresh := freshJTI("request"), freshJTI("request")
	must(t, s.Burn(t.Context(), c.Id, used))
	stale, moved, absent := proto.CloneOf(c), proto.CloneOf(c), proto.CloneOf(c)
	stale.Version, moved.Software.Id, absent.Id = 9, "another", s.NewClientID(obie("software"))
	both := append(used, fresh...)

	wantError(t, "duplicate", s.Create(t.Context(), newClient(s, "software"), fresh, true), ErrDuplicate)
	wantError(t, "replayed", s.Create(t.Context(), newClient(s, "software"), both, false), ErrReplayed)
	wantFailure(t, "taken", s.Create(t.Context(), proto.CloneOf(c), fresh, false))
	wantError(t, "conflict", s.Update(t.Context(), stale, fresh), ErrConflict)
	wantError(t, "replayed update", s.Update(t.Context(), proto.CloneOf(c), both), ErrReplayed)
	wantError(t, "absent", s.Update(t.Context(), absent, fresh), ErrNotFound)
	wantFailure(t, "moved", s.Update(t.Context(), moved, fresh))
	wantError(t, "replayed burn", s.Burn(t.Context(), c.Id, both), ErrReplayed)

	wantStored(t, s, c, 1, 1)
	must(t, s.Burn(t.Context(), c.Id, fresh)) // nobody had burnt it
	must(t, s.Delete(t.Context(), c.Id))
	must(t, s.Create(t.Context(), newClient(s, "software"), nil, true)) // nobody had taken the software
}

// What only asks is answered as the write would be, and leaves nothing behind.
func asking(t *testing.T, s *Store) {
	before := keysOf(t, s)
	c, jti := newClient(s, "software"), freshJTI("request")
	must(t, s.MayCreate(t.Context(), c, jti, true))
	c.Generation = 1 // as one that was read
	wantError(t, "may update what is not there", s.MayUpdate(t.Context(), c, jti), ErrNotFound)
	if after := keysOf(t, s); after != before || c.Version != 0 {
		t.Errorf("%d keys after asking, %d before; version %d", after, before, c.Version)
	}
	must(t, s.Create(t.Context(), c, jti, true))
	wantError(t, "may create a second", s.MayCreate(t.Context(), newClient(s, "software"), nil, true), ErrDuplicate)
	wantError(t, "may create with a burnt jti", s.MayCreate(t.Context(), newClient(s, "another"), jti, true), ErrReplayed)

	before, jti = keysOf(t, s), freshJTI("request")
	must(t, s.MayUpdate(t.Context(), c, jti))
	if after := keysOf(t, s); after != before {
		t.Errorf("%d keys after asking, %d before", after, before)
	}
	wantStored(t, s, c, 1, 1)
	must(t, s.Update(t.Context(), c, jti))
	wantError(t, "may update with a burnt jti", s.MayUpdate(t.Context(), c, jti), ErrReplayed)
	c.Version--
	wantError(t, "may update an older version", s.MayUpdate(t.Context(), c, nil), ErrConflict)
}

func keysOf(t *testing.T, s *Store) int64 {
	t.Helper()
	number, err := s.redis.DBSize(t.Context()).Result()
	must(t, err)
	return number
}
