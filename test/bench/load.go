package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	callers     = 64 // that wait for an answer before they ask again
	connections = 2  // one for each of the sandbox's two Envoy workers
	rounds      = 7
	roundTime   = 1500 * time.Millisecond
	// patience is how long a round's last answers may take.
	patience = 5 * time.Second
)

// A server is asked over a few connections, as Envoy does.
type server struct {
	clients []authv3.AuthorizationClient
	close   func() error
}

func dial(path string) (*server, error) {
	s := &server{close: func() error { return nil }}
	for range connections {
		connection, err := grpc.NewClient("unix:"+path, grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.WaitForReady(true)))
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		earlier := s.close
		s.close = func() error { return errors.Join(earlier(), connection.Close()) }
		s.clients = append(s.clients, authv3.NewAuthorizationClient(connection))
	}
	return s, nil
}

// A source makes the nth question. Questions with numbers near each other are distinct where it matters.
type source func(n uint64) *authv3.CheckRequest

// A stream asks a server one question after the other, across rounds: none comes again before all have been asked.
type stream struct {
	server *server
	source source
	asked  atomic.Uint64
}

// ask asks the next question. Every question is about a request that is to be let on.
func (s *stream) ask(ctx context.Context, client authv3.AuthorizationClient) error {
	answer, err := client.Check(ctx, s.source(s.asked.Add(1)))
	if err != nil {
		return err
	}
	if code := answer.GetStatus().GetCode(); code != int32(codes.OK) {
		return fmt.Errorf("a request was denied: status %d: %s%s", code, answer.GetDeniedResponse().GetBody(), answer.GetErrorResponse().GetBody())
	}
	if len(answer.GetOkResponse().GetHeaders()) != 2 {
		return errors.New("a request was let on without the two headers that go with it")
	}
	return nil
}

// load has a number of callers ask for a time, and returns how long each answer took, sorted.
func (s *stream) load(ctx context.Context, callers int, span time.Duration) ([]time.Duration, error) {
	ctx, stop := context.WithTimeout(ctx, span+patience)
	defer stop()
	ctx, fail := context.WithCancelCause(ctx) // the first failure ends the round
	defer fail(nil)
	took := make([][]time.Duration, callers)
	end := time.Now().Add(span)
	var running sync.WaitGroup
	for i := range callers {
		running.Go(func() {
			client := s.server.clients[i%len(s.server.clients)]
			for start := time.Now(); start.Before(end); start = time.Now() {
				if err := s.ask(ctx, client); err != nil {
					fail(err)
					return
				}
				took[i] = append(took[i], time.Since(start))
			}
		})
	}
	running.Wait()
	all := slices.Concat(took...)
	slices.Sort(all)
	return all, context.Cause(ctx)
}

// rate is the checks a second of one round.
func (s *stream) rate(ctx context.Context) (float64, error) {
	start := time.Now()
	took, err := s.load(ctx, callers, roundTime)
	return float64(len(took)) / time.Since(start).Seconds(), err
}

// A side is a server and what it is asked.
type side struct {
	server *server
	source source
}

// A contest asks the floor and the gate the same.
type contest struct {
	name        string
	least       float64 // of the floor's rate, as it is required
	floor, gate side
}

type measured struct {
	rate     float64 // checks a second, the median of all rounds
	p50, p99 time.Duration
}

type result struct {
	contest
	floorFound, found      measured
	ratio, lowest, highest float64 // of the gate's rate to the floor's, in rounds next to each other
}

// run has the two take turns, so that whatever else the machine does meets both.
func (c contest) run(ctx context.Context) (result, error) {
	found := result{contest: c}
	floor, gate := &stream{server: c.floor.server, source: c.floor.source}, &stream{server: c.gate.server, source: c.gate.source}
	var floorRates, gateRates, ratios []float64
	for round := range rounds + 1 {
		floorRate, err := floor.rate(ctx)
		if err != nil {
			return found, fmt.Errorf("floor: %w", err)
		}
		gateRate, err := gate.rate(ctx)
		if err != nil {
			return found, fmt.Errorf("gate: %w", err)
		}
		if round == 0 { // warms up
			continue
		}
		floorRates, gateRates, ratios = append(floorRates, floorRate), append(gateRates, gateRate), append(ratios, gateRate/floorRate)
	}
	found.floorFound.rate, found.found.rate = median(floorRates), median(gateRates)
	found.ratio, found.lowest, found.highest = median(ratios), slices.Min(ratios), slices.Max(ratios)
	return found, errors.Join(found.floorFound.alone(ctx, floor), found.found.alone(ctx, gate))
}

// alone measures how long one caller waits when there is no other.
func (m *measured) alone(ctx context.Context, s *stream) error {
	took, err := s.load(ctx, 1, roundTime)
	if err != nil || len(took) == 0 {
		return errors.Join(errors.New("no answer to one caller alone"), err)
	}
	m.p50, m.p99 = took[len(took)/2], took[len(took)*99/100]
	return nil
}

func median[V cmp.Ordered](values []V) V {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
