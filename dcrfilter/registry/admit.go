package registry

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/internal/facts"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

const maxBody = 64 << 10

// request is a request that the gate allowed. Its facts are for exactly this method, path and body.
type request struct {
	now     time.Time
	route   *routes.Route
	profile *dcr.Profile // on registration routes
	facts   *dcrpb.Facts
	header  http.Header
	query   string
	body    []byte
	line    *line // of the log
}

// admit compares the request with its facts, and refuses anything that the gate did not allow. The gate has matched the
// path with the route. Its signature covers route, method, path with query, and body together, so that facts about one
// request are useless for another.
func (e *edition) admit(incoming *http.Request, line *line) (admitted *request, err error) {
	proved := line.facts
	_, query, _ := strings.Cut(incoming.RequestURI, "?")
	admitted = &request{now: line.start, route: e.routes[proved.GetRoute()], facts: proved, header: incoming.Header, query: query, line: line}
	if admitted.route == nil || !slices.Contains(admitted.route.Methods, incoming.Method) {
		return nil, dcr.Refuse("facts.route").CausedBy(errors.New("the facts are of a route that this registry does not serve"))
	}
	if bound := proved.GetRequest(); bound.GetMethod() != incoming.Method || bound.GetPath() != incoming.RequestURI {
		return nil, dcr.Refuse("facts.request").CausedBy(errors.New("the facts are of another method or path"))
	}
	if admitted.body, err = readBody(incoming.Body); err != nil {
		return nil, err
	}
	digest := sha256.Sum256(admitted.body)
	if proved.GetRequest().GetBodySha256() != base64.RawURLEncoding.EncodeToString(digest[:]) {
		return nil, dcr.Refuse("facts.body").CausedBy(errors.New("the facts are of another body"))
	}
	admitted.profile, err = e.profile(admitted.route)
	return admitted, err
}

// proved returns the facts from the request's only facts header.
func (g *Registry) proved(ctx context.Context, header http.Header) (*dcrpb.Facts, error) {
	values := header.Values(facts.Header)
	if len(values) != 1 {
		return nil, dcr.Refuse("facts.missing").CausedBy(errors.New("there is not exactly one facts header"))
	}
	proved, err := g.facts.Verify(ctx, values[0], g.parts.Now())
	switch {
	case errors.Is(err, facts.ErrUnknownKey): // Redis may have lost it: the gate publishes it every second
		return nil, dcr.Refuse("facts.key").CausedBy(err).After(retryAfter)
	case errors.Is(err, facts.ErrStale):
		return nil, dcr.Refuse("facts.stale").CausedBy(err)
	case errors.Is(err, facts.ErrInvalid):
		return nil, dcr.Refuse("facts.signature").CausedBy(err)
	}
	return proved, err
}

func readBody(body io.Reader) ([]byte, error) {
	read, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	if err != nil {
		return nil, dcr.Refuse("body.read").CausedBy(err)
	}
	if len(read) > maxBody {
		return nil, dcr.Refuse("body.size")
	}
	return read, nil
}

// publishedKeys looks up the keys of facts that gates have published.
func publishedKeys(s *store.Store) facts.Lookup {
	return func(ctx context.Context, kid string) ([]byte, error) {
		jwk, err := s.FactsKey(ctx, kid)
		if errors.Is(err, store.ErrNotFound) {
			return nil, facts.ErrUnknownKey
		}
		return jwk, err
	}
}
