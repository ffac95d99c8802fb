package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/proto"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// model is a store as a few maps, for one software of each shard that it meets.
type model struct {
	*rand.Rand
	clients  map[string]*dcrpb.Client
	software map[string]int // clients of each
	burnt    map[string]bool
	revoked  map[string]bool
	ids      []string // of all clients that ever were
}

// compareWithModel does the same random things to a store and to the model, and wants the same answers.
func compareWithModel(t *testing.T, s *Store, steps int) {
	const seed = 42
	m := &model{
		Rand: rand.New(rand.NewPCG(seed, seed)), clients: map[string]*dcrpb.Client{}, software: map[string]int{},
		burnt: map[string]bool{}, revoked: map[string]bool{}, ids: []string{s.NewClientID(obie("nobody"))},
	}
	for i := range steps {
		what, got, want := m.step(t, s)
		if !errors.Is(got, want) {
			t.Fatalf("seed %d, step %d: %s: got %v, want %v", seed, i, what, got, want)
		}
		m.compareOne(t, s)
	}
	for _, id := range m.ids {
		m.compare(t, s, id)
	}
}

func (m *model) step(t *testing.T, s *Store) (what string, got, want error) {
	id := m.ids[m.IntN(len(m.ids))]
	jti := &dcrpb.UsedJTI{Purpose: "request", Id: fmt.Sprint(m.IntN(200)), Exp: uint32(inAnHour().Unix())}
	switch m.IntN(6) {
	case 0, 1:
		c := newClient(s, fmt.Sprint("software", m.IntN(40)))
		unique := m.IntN(2) == 0
		want = m.create(c, jti, unique)
		m.ids = append(m.ids, c.Id)
		return "create", s.Create(t.Context(), c, []*dcrpb.UsedJTI{jti}, unique), want
	case 2:
		c := m.stale(s, id)
		want = m.update(c, jti)
		return "update", s.Update(t.Context(), c, []*dcrpb.UsedJTI{jti}), want
	case 3:
		return "delete", s.Delete(t.Context(), id), m.remove(id)
	case 4:
		want = m.burn(id, jti)
		return "burn", s.Burn(t.Context(), id, []*dcrpb.UsedJTI{jti}), want
	}
	m.revoked[id] = true
	return "revoke", s.Revoke(t.Context(), id, "token", inAnHour()), nil
}

// stale is a changed copy of a client, of an old version now and then.
func (m *model) stale(s *Store, id string) *dcrpb.Client {
	c, ok := m.clients[id]
	if !ok {
		c = newClient(s, "nobody")
		c.Id, c.Version, c.Generation = id, 1, 1
	}
	c = proto.CloneOf(c)
	c.Version -= uint64(m.IntN(4) / 3)
	c.Generation += uint64(m.IntN(2))
	c.State = dcrpb.Client_State(1 + m.IntN(2))
	c.UpdatedAt = m.Int64N(1e9)
	return c
}

func (m *model) create(c *dcrpb.Client, n *dcrpb.UsedJTI, unique bool) error {
	if m.burnt[c.Id[:2]+n.Id] {
		return ErrReplayed
	}
	if unique && m.software[c.Software.Id] > 0 {
		return ErrDuplicate
	}
	kept := proto.CloneOf(c)
	kept.Version, kept.Generation = 1, 1
	m.clients[c.Id], m.burnt[c.Id[:2]+n.Id] = kept, true
	m.software[c.Software.Id]++
	return nil
}

func (m *model) update(c *dcrpb.Client, n *dcrpb.UsedJTI) error {
	kept, ok := m.clients[c.Id]
	switch {
	case !ok:
		return ErrNotFound
	case m.burnt[c.Id[:2]+n.Id]:
		return ErrReplayed
	case kept.Version != c.Version:
		return ErrConflict
	}
	kept = proto.CloneOf(c)
	kept.Version++
	m.clients[c.Id], m.burnt[c.Id[:2]+n.Id] = kept, true
	return nil
}

func (m *model) remove(id string) error {
	c, ok := m.clients[id]
	if !ok {
		return ErrNotFound
	}
	m.software[c.Software.Id]--
	delete(m.clients, id)
	return nil
}

func (m *model) burn(id string, n *dcrpb.UsedJTI) error {
	if m.burnt[id[:2]+n.Id] {
		return ErrReplayed
	}
	m.burnt[id[:2]+n.Id] = true
	return nil
}

func (m *model) compareOne(t *testing.T, s *Store) {
	t.Helper()
	m.compare(t, s, m.ids[m.IntN(len(m.ids))])
}

func (m *model) compare(t *testing.T, s *Store, id string) {
	t.Helper()
	want, there := m.clients[id]
	got, err := s.Client(t.Context(), id)
	if there && (err != nil || !proto.Equal(got, want)) || !there && !errors.Is(err, ErrNotFound) {
		t.Fatalf("client: got %v %v, want %v", got, err, want)
	}
	standing := Standing{Active: want.GetState() == dcrpb.Client_ACTIVE, Generation: want.GetGeneration(), Version: want.GetVersion(), Revoked: m.revoked[id]}
	if got, err := s.Standing(t.Context(), id, "token"); err != nil || got != standing {
		t.Fatalf("standing: got %v %v, want %v", got, err, standing)
	}
}
