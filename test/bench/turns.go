package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// turnsTime is how long one caller goes from one gate to the other.
const turnsTime = 4 * time.Second

// A pair is two gates that are asked the same, of which one has few of something and the other many.
type pair struct {
	what, few, many string
	most            float64 // of the time of the first, as it is required of the other
	sides           [2]side

	waits [2]float64 // microseconds
}

func (p *pair) ratio() float64 { return p.waits[1] / p.waits[0] }

// run has one caller ask the two in turns, so that whatever else the machine does meets both alike, and notes how long it
// waits for each: the median.
func (p *pair) run(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, turnsTime+patience)
	defer stop()
	few, many := p.sides[0], p.sides[1]
	sides := [2]*stream{{server: few.server, source: few.source}, {server: many.server, source: many.source}}
	var took [2][]float64
	for begun, n := time.Now(), 0; time.Since(begun) < turnsTime; n++ {
		which := (n + n/2) % 2 // 0, 1, 1, 0
		start := time.Now()
		if err := sides[which].ask(ctx, sides[which].server.clients[0]); err != nil {
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
