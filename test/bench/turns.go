package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// turnsTime is how long one caller goes from one gate to the other.
const turnsTime = 4 * time.Second

// turns has one caller ask two gates in turns, so that whatever else the machine does meets both alike, and returns how
// long it waits for each: the median, in microseconds.
func turns(ctx context.Context, few, many side) (waitFew, waitMany float64, err error) {
	ctx, stop := context.WithTimeout(ctx, turnsTime+patience)
	defer stop()
	sides := [2]*stream{{server: few.server, source: few.source}, {server: many.server, source: many.source}}
	var took [2][]float64
	for begun, n := time.Now(), 0; time.Since(begun) < turnsTime; n++ {
		which := (n + n/2) % 2 // 0, 1, 1, 0
		start := time.Now()
		if err := sides[which].ask(ctx, sides[which].server.clients[0]); err != nil {
			return 0, 0, fmt.Errorf("asking two gates in turns: %w", err)
		}
		took[which] = append(took[which], float64(time.Since(start).Nanoseconds())/1000)
	}
	if len(took[0]) == 0 || len(took[1]) == 0 {
		return 0, 0, errors.New("no answer from one of two gates")
	}
	return median(took[0]), median(took[1]), nil
}
