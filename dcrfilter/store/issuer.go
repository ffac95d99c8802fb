package store

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// maxIssuers limits how many are read: an installation seldom changes its name within a day.
const maxIssuers = 100

// An Issuer is what tokens were issued with.
type Issuer struct {
	Issuer, Audience string        // iss and aud
	Lifetime         time.Duration // in whole seconds; 0 if an earlier build issued them
	Until            time.Time     // when the last of these tokens expires
}

// RememberIssuer stores that tokens of this issuer exist until its time at most, and removes issuers whose tokens have all
// expired.
func (s *Store) RememberIssuer(ctx context.Context, issuer Issuer, now time.Time) error {
	if issuer.Issuer == "" || issuer.Audience == "" || issuer.Lifetime < time.Second || !issuer.Until.After(now) {
		return errors.New("store: an issuer, its audience, lifetime or time is missing")
	}
	// An earlier build reads the first two.
	name, err := json.Marshal([3]any{issuer.Issuer, issuer.Audience, issuer.Lifetime / time.Second})
	if err != nil {
		return err
	}
	pipe := s.redis.TxPipeline()
	pipe.ZRemRangeByScore(ctx, issuersKey, "-inf", strconv.FormatInt(now.Unix(), 10))
	pipe.ZAddGT(ctx, issuersKey, redis.Z{Score: float64(issuer.Until.Unix()), Member: name})
	if _, err := pipe.Exec(ctx); err != nil {
		return failed("remember an issuer", err)
	}
	return nil
}

// Issuers returns the issuers whose tokens may still be valid.
func (s *Store) Issuers(ctx context.Context, now time.Time) ([]Issuer, error) {
	entries, err := s.redis.ZRangeArgsWithScores(ctx, redis.ZRangeArgs{
		Key: issuersKey, Start: "+inf", Stop: "(" + strconv.FormatInt(now.Unix(), 10), ByScore: true, Rev: true, Count: maxIssuers,
	}).Result()
	if err != nil {
		return nil, failed("read the issuers", err)
	}
	issuers := make([]Issuer, 0, len(entries))
	for _, entry := range entries {
		issuer := Issuer{Until: time.Unix(int64(entry.Score), 0)}
		name, _ := entry.Member.(string)
		if err := json.Unmarshal([]byte(name), &[]any{&issuer.Issuer, &issuer.Audience, &issuer.Lifetime}); err != nil || issuer.Issuer == "" || issuer.Audience == "" {
			return nil, errors.New("store: an issuer is damaged")
		}
		issuer.Lifetime *= time.Second
		issuers = append(issuers, issuer)
	}
	return issuers, nil
}
