package fetched

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

// As long as a server answers quickly, any number may wait for it.
func TestNobodyQueuesForAQuickServer(t *testing.T) {
	w := newWorld(t)
	release := w.Hold(t)
	queue, got := NewQueue(1, 1), make(chan error, 50)
	var asked sync.WaitGroup
	for range cap(got) {
		asked.Go(func() {
			_, err := w.source.Get(queue.As(t.Context(), "one"), &words, w.URL+"/hang", Need[string]{})
			got <- err
		})
	}
	for w.Fetches("/hang") == 0 {
		time.Sleep(time.Millisecond)
	}
	release()
	asked.Wait()
	for range cap(got) {
		check(t, <-got, nil)
	}
}

// A server that does not answer keeps a limited number of callers waiting, and of one name fewer; the others learn at once.
func TestQueueIsBounded(t *testing.T) {
	w := newWorld(t)
	release := w.Hold(t)
	queue := NewQueue(5, 2)
	got := make(chan error, 5)
	for i := range 5 {
		go func() {
			_, err := w.source.Get(queue.As(t.Context(), fmt.Sprint(i%3)), &words, w.URL+"/hang", Need[string]{})
			got <- err
		}()
	}
	waiting := func() int { return queue.State().Waiting }
	for waiting() < 5 && len(got) == 0 {
		time.Sleep(time.Millisecond)
	}
	for _, name := range []string{"0", "2", "another"} { // 2 has room, the queue has none
		_, err := w.source.Get(queue.As(t.Context(), name), &words, w.URL+"/hang", Need[string]{})
		check(t, err, ErrFull)
		check(t, err, ErrUnavailable)
	}
	if got := queue.State(); got != (QueueState{Waiting: 5, Most: 5, Refused: 3}) {
		t.Errorf("state %+v", got)
	}
	_, err := w.source.Get(queue.As(t.Context(), "0"), &words, w.URL+"/", Need[string]{})
	check(t, err, nil) // another server, which answers at once
	release()
	for range 5 {
		check(t, <-got, nil)
	}
	if waiting() != 0 || len(queue.waiting) != 0 {
		t.Errorf("%d wait in the end: %v", queue.total, queue.waiting)
	}
	_, err = w.source.Get(queue.As(t.Context(), "0"), &words, w.URL+"/", Need[string]{})
	check(t, err, nil)
}

// One name has its own limit, however much room there is.
func TestQueueOfOneName(t *testing.T) {
	queue := NewQueue(100, 2)
	ctx := queue.As(context.Background(), "one")
	for range 2 {
		if _, err := join(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := join(ctx); !errors.Is(err, ErrFull) {
		t.Errorf("got %v", err)
	}
	leave, err := join(queue.As(ctx, "another"))
	check(t, err, nil)
	leave()
	if _, err := join(context.Background()); err != nil {
		t.Errorf("without a queue: %v", err)
	}
}
