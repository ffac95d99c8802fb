package store

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// maxIssuers limits how many pairs are read: an installation seldom changes its name within a day.
const maxIssuers = 100

// An Issuer is a pair of iss and aud that tokens were issued with.
type Issuer struct {
	Issuer, Audience string
	Until            time.Time // when the last of these tokens expires
}

// RememberIssuer stores that tokens with this iss and aud exist until this time at most, and removes pairs whose tokens
// have all expired.
func (s *Store) RememberIssuer(ctx context.Context, issuer, audience string, now, until time.Time) error {
	if issuer == "" || audience == "" || !until.After(now) {
		return errors.New("store: an issuer, its audience or their time is missing")
	}
	name, err := json.Marshal([2]string{issuer, audience})
	if err != nil {
		return err
	}
	pipe := s.redis.TxPipeline()
	pipe.ZRemRangeByScore(ctx, issuersKey, "-inf", strconv.FormatInt(now.Unix(), 10))
	pipe.ZAddGT(ctx, issuersKey, redis.Z{Score: float64(until.Unix()), Member: name})
	if _, err := pipe.Exec(ctx); err != nil {
		return failed("remember an issuer", err)
	}
	return nil
}

// Issuers returns the pairs of iss and aud whose tokens may still be valid.
func (s *Store) Issuers(ctx context.Context, now time.Time) ([]Issuer, error) {
	entries, err := s.redis.ZRangeArgsWithScores(ctx, redis.ZRangeArgs{
		Key: issuersKey, Start: "+inf", Stop: "(" + strconv.FormatInt(now.Unix(), 10), ByScore: true, Rev: true, Count: maxIssuers,
	}).Result()
	if err != nil {
		return nil, failed("read the issuers", err)
	}
	issuers := make([]Issuer, 0, len(entries))
	for _, entry := range entries {
		var pair [2]string
		text, _ := entry.Member.(string)
		if err := json.Unmarshal([]byte(text), &pair); err != nil || pair[0] == "" || pair[1] == "" {
			return nil, errors.New("store: an issuer is damaged")
		}
		issuers = append(issuers, Issuer{Issuer: pair[0], Audience: pair[1], Until: time.Unix(int64(entry.Score), 0)})
	}
	return issuers, nil
}
