package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/proto"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// Create stores a new client (version and generation 1) and marks the jtis as used, or does neither. Its errors are
// ErrReplayed, and ErrDuplicate if unique is set and the software product of this directory has a client. On success it
// sets version and generation in c.
func (s *Store) Create(ctx context.Context, c *dcrpb.Client, burn []*dcrpb.UsedJTI, unique bool) error {
	if err := s.create(ctx, s.scripts.create, c, burn, unique); err != nil {
		return err
	}
	c.Version, c.Generation = 1, 1
	return nil
}

// MayCreate returns the error that Create would return. It stores nothing.
func (s *Store) MayCreate(ctx context.Context, c *dcrpb.Client, burn []*dcrpb.UsedJTI, unique bool) error {
	return s.create(ctx, s.scripts.mayCreate, c, burn, unique)
}

func (s *Store) create(ctx context.Context, script *redis.Script, c *dcrpb.Client, burn []*dcrpb.UsedJTI, unique bool) error {
	shard, ok := s.clientShard(c.Id)
	if !ok || shard != s.softwareShard(c.Software) {
		return errors.New("store: create a client: its id was not made for its software")
	}
	stored := proto.CloneOf(c)
	stored.Version, stored.Generation = 1, 1
	record, err := encode(stored)
	if err != nil {
		return err
	}
	software := softwareDigest(c.Software)
	keys, times, err := shard.burning(burn, shard.client(c.Id), shard.software(software))
	if err != nil {
		return err
	}
	args := append([]any{c.Id, unique, record, int(c.State), software}, times...)
	return s.write(ctx, "create a client", script, keys, args...)
}

// Existing returns the id of the software product's only client. Its errors are ErrNotFound, and ErrDuplicate if the
// software product has several.
func (s *Store) Existing(ctx context.Context, of *dcrpb.Software) (id string, err error) {
	ids, err := s.redis.SMembers(ctx, s.softwareShard(of).software(softwareDigest(of))).Result()
	switch {
	case err != nil:
		return "", failed("find the client of a software product", err)
	case len(ids) == 0:
		return "", ErrNotFound
	case len(ids) > 1:
		return "", ErrDuplicate
	}
	return ids[0], nil
}

// Grant marks the jtis of a token request as used and remembers that the client is given a token, or does neither. Its
// errors are ErrReplayed, and ErrNotFound for an unknown client.
func (s *Store) Grant(ctx context.Context, id string, burn []*dcrpb.UsedJTI) error {
	shard, ok := s.clientShard(id)
	if !ok {
		return ErrNotFound
	}
	if len(burn) == 0 { // nothing to write, unless it is the client's first token
		if granted, err := s.Granted(ctx, id); err != nil || granted {
			return err
		}
	}
	keys, times, err := shard.burning(burn, shard.client(id))
	if err != nil {
		return err
	}
	return s.write(ctx, "grant a token", s.scripts.grant, keys, times...)
}

// Granted reports whether the client has ever been given a token. Clients that were registered before Grant was there
// count as not.
func (s *Store) Granted(ctx context.Context, id string) (bool, error) {
	shard, ok := s.clientShard(id)
	if !ok {
		return false, ErrNotFound
	}
	granted, err := s.redis.HExists(ctx, shard.client(id), "token").Result()
	if err != nil {
		return false, failed("ask for the tokens of a client", err)
	}
	return granted, nil
}

// Client reads a client's record. Its error for an unknown client is ErrNotFound.
func (s *Store) Client(ctx context.Context, id string) (*dcrpb.Client, error) {
	shard, ok := s.clientShard(id)
	if !ok {
		return nil, ErrNotFound
	}
	fields, err := s.redis.HMGet(ctx, shard.client(id), "state", "generation", "version", "record").Result()
	if err != nil {
		return nil, failed("read a client", err)
	}
	kept, err := readStanding(fields)
	if err != nil {
		return nil, err
	}
	return decode(id, kept, fields[2:])
}

// Update replaces the record whose version is c.Version, increments the version and marks the jtis as used, or does
// nothing. Its errors are ErrNotFound, ErrConflict and ErrReplayed. The caller decides whether to increment the
// generation. On success it sets the new version in c.
func (s *Store) Update(ctx context.Context, c *dcrpb.Client, burn []*dcrpb.UsedJTI) error {
	if err := s.update(ctx, s.scripts.update, c, burn); err != nil {
		return err
	}
	c.Version++
	return nil
}

// MayUpdate returns the error that Update would return. It stores nothing.
func (s *Store) MayUpdate(ctx context.Context, c *dcrpb.Client, burn []*dcrpb.UsedJTI) error {
	return s.update(ctx, s.scripts.mayUpdate, c, burn)
}

func (s *Store) update(ctx context.Context, script *redis.Script, c *dcrpb.Client, burn []*dcrpb.UsedJTI) error {
	shard, ok := s.clientShard(c.Id)
	if !ok {
		return ErrNotFound
	}
	stored := proto.CloneOf(c)
	stored.Version++
	record, err := encode(stored)
	if err != nil {
		return err
	}
	software := shard.software(softwareDigest(c.Software))
	keys, times, err := shard.burning(burn, shard.client(c.Id), software)
	if err != nil {
		return err
	}
	args := append([]any{c.Id, c.Version, record, stored.Version, c.Generation, int(c.State)}, times...)
	return s.write(ctx, "update a client", script, keys, args...)
}

// Delete removes a client and its entry in the software product's index, which also invalidates its tokens. Its error
// for an unknown client is ErrNotFound.
func (s *Store) Delete(ctx context.Context, id string) error {
	shard, ok := s.clientShard(id)
	if !ok {
		return ErrNotFound
	}
	// A script must receive its keys, and a client's software product never changes. The script checks whether the
	// client exists.
	software, err := s.redis.HGet(ctx, shard.client(id), "software").Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return failed("read a client's software", err)
	}
	keys := []string{shard.client(id), shard.software(software), shard.deletion(id)}
	return s.write(ctx, "delete a client", s.scripts.remove, keys, id)
}

// encode writes a record that decode will accept.
func encode(c *dcrpb.Client) ([]byte, error) {
	if c.Generation == 0 || !known(c.State) || c.GetSoftware().GetDirectory() == "" || c.GetSoftware().GetId() == "" {
		return nil, errors.New("store: a client's state, generation, directory or software id is missing")
	}
	record, err := proto.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("store: encode a client: %w", err)
	}
	return record, nil
}

// decode reads a record. It must be that of this client and agree with the values that are stored beside it.
func decode(id string, kept standing, fields []any) (*dcrpb.Client, error) {
	version, _ := fields[0].(string)
	record, isRecord := fields[1].(string)
	if !kept.present && version == "" && !isRecord {
		return nil, ErrNotFound
	}
	c := &dcrpb.Client{}
	if err := proto.Unmarshal([]byte(record), c); err != nil {
		return nil, errDamaged
	}
	if err := readEarlier(c, []byte(record)); err != nil {
		return nil, errDamaged
	}
	if c.Id != id || c.Version == 0 || strconv.FormatUint(c.Version, 10) != version ||
		!kept.present || c.State != kept.state || c.Generation != kept.generation {
		return nil, errDamaged
	}
	return c, nil
}

func known(s dcrpb.Client_State) bool {
	return s == dcrpb.Client_ACTIVE || s == dcrpb.Client_SUSPENDED
}
