package jwks

import (
	"context"
	"errors"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
)

// begin does what plan says and returns what to wait for, nil for nothing.
func (s *Source) begin(ctx context.Context, e *entry, q question) <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	next := e.plan(s.now(), q)
	if next == goOn {
		return nil
	}
	if e.flight == nil { // all callers of one URL share one fetch
		e.flight = make(chan struct{})
		// The fetch is everybody's: it ends in the client's own time, whoever gives up.
		go s.fly(context.WithoutCancel(ctx), e)
	}
	if next == renew {
		return nil
	}
	return e.flight
}

// fly fetches an entry's set and writes down what came of it.
func (s *Source) fly(ctx context.Context, e *entry) {
	began := s.now()
	set, body, err := s.fetch(ctx, e)

	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil {
		e.fail(s.now(), err)
	} else {
		e.succeed(began, set, body)
	}
	close(e.flight)
	e.flight = nil
}

func (s *Source) fetch(ctx context.Context, e *entry) (set jose.KeySet, body outbound.Body, err error) {
	// Nobody above this goroutine would catch a panic, and the document is a stranger's.
	defer func() {
		if recover() != nil {
			err = errors.New("reading the key set panicked")
		}
	}()
	e.mu.Lock()
	etag := e.etag
	e.mu.Unlock()
	body, err = s.client.Get(ctx, e.at.url, etag)
	if err != nil || body.NotModified {
		return set, body, err
	}
	if set, err = jose.ParseKeySet(body.Bytes); err != nil {
		return set, body, err
	}
	if !e.keeping.empty && len(set.Signing) == 0 && len(set.KeyIDs) == 0 && len(set.Certificates) == 0 {
		return set, body, errors.New("the key set is empty")
	}
	return set, body, nil
}
