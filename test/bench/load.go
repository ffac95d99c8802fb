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
	"google.golang.org/grpc/codes"
)

const (
	callers     = 64 // that wait for an answer before they ask again
	connections = 2  // one for each of the sandbox's two Envoy workers
	rounds      = 7
	roundTime   = 1500 * time.Millisecond
	// patience is how long a round's last answers may take.
	patience = 5 * time.Second
)

// A source returns the nth question. Questions with near numbers differ where it matters.
type source func(n uint64) *authv3.CheckRequest

// A side is a server, asked over a few connections as Envoy does, and the questions that it is asked, one after the
// other: none is repeated before all have been asked, whatever is measured with them.
type side struct {
	server server
	source source
	asked  atomic.Uint64
}

// A server has a client for each of the connections to it.
type server []authv3.AuthorizationClient

// ask asks the next question. Every question is about a request that must be allowed.
func (s *side) ask(ctx context.Context, client authv3.AuthorizationClient) error {
	answer, err := client.Check(ctx, s.source(s.asked.Add(1)))
	if err != nil {
		return err
	}
	if code := answer.GetStatus().GetCode(); code != int32(codes.OK) {
		return fmt.Errorf("a request was denied: status %d: %s%s", code, answer.GetDeniedResponse().GetBody(), answer.GetErrorResponse().GetBody())
	}
	if len(answer.GetOkResponse().GetHeaders()) != 2 {
		return errors.New("a request was allowed without the two headers that go with it")
	}
	return nil
}

// load has a number of callers ask for a time, and returns how long each answer took, sorted.
func (s *side) load(ctx context.Context, callers int, span time.Duration) ([]time.Duration, error) {
	ctx, stop := context.WithTimeout(ctx, span+patience)
	defer stop()
	ctx, fail := context.WithCancelCause(ctx) // the first failure ends the round
	defer fail(nil)
	took := make([][]time.Duration, callers)
	end := time.Now().Add(span)
	var running sync.WaitGroup
	for i := range callers {
		running.Go(func() {
			client := s.server[i%len(s.server)]
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
func (s *side) rate(ctx context.Context) (float64, error) {
	start := time.Now()
	took, err := s.load(ctx, callers, roundTime)
	return float64(len(took)) / time.Since(start).Seconds(), err
}

// A contest asks the floor and the gate the same.
type contest struct {
	name        string
	least       float64 // of the floor's rate, as it is required
	floor, gate *side

	floorFound, gateFound  measured
	ratio, lowest, highest float64 // of the gate's rate to the floor's, in rounds next to each other
}

type measured struct {
	rate     float64 // checks a second, the median of all rounds
	p50, p99 time.Duration
}

// run has the two take turns, so that whatever else the machine does meets both.
func (c *contest) run(ctx context.Context) error {
	var floorRates, gateRates, ratios []float64
	for round := range rounds + 1 {
		floorRate, err := c.floor.rate(ctx)
		if err != nil {
			return fmt.Errorf("floor: %w", err)
		}
		gateRate, err := c.gate.rate(ctx)
		if err != nil {
			return fmt.Errorf("gate: %w", err)
		}
		if round == 0 { // warms up
			continue
		}
		floorRates, gateRates, ratios = append(floorRates, floorRate), append(gateRates, gateRate), append(ratios, gateRate/floorRate)
	}
	c.floorFound.rate, c.gateFound.rate = median(floorRates), median(gateRates)
	c.ratio, c.lowest, c.highest = median(ratios), slices.Min(ratios), slices.Max(ratios)
	return errors.Join(c.floorFound.alone(ctx, c.floor), c.gateFound.alone(ctx, c.gate))
}

// alone measures how long one caller waits when there is no other.
func (m *measured) alone(ctx context.Context, s *side) error {
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

// turnsTime is how long one caller goes from one gate to the other.
const turnsTime = 4 * time.Second

// A pair is two gates that are asked the same, of which one has few of something and the other many.
type pair struct {
	what, few, many string
	most            float64  // of the time of the first, as it is required of the other
	sides           [2]*side // the one with few, the one with many

	waits [2]float64 // microseconds
}

func (p *pair) ratio() float64 { return p.waits[1] / p.waits[0] }

// run has one caller ask the two in turns, so that whatever else the machine does meets both alike, and notes how long it
// waits for each: the median.
func (p *pair) run(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, turnsTime+patience)
	defer stop()
	var took [2][]float64
	for begun, n := time.Now(), 0; time.Since(begun) < turnsTime; n++ {
		which := (n + n/2) % 2 // 0, 1, 1, 0
		start := time.Now()
		if err := p.sides[which].ask(ctx, p.sides[which].server[0]); err != nil {
			return fmt.Errorf("asking two gates in turns: %w", err)
		}
		took[which] = append(took[which], float64(time.Since(start).Nanoseconds())/1000)
	}
	if len(took[0]) == 0 || len(took[1]) == 0 {
		return errors.New("no answer from one of two gates")
	}
	p.waits = [2]float64{median(took[0]), median(took[1])}
	return nil
}
