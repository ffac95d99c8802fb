package edge

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// clients ask an edge again and again, each one request at a time. They never ask twice for one answer: the requests are
// POST, which net/http repeats only where it has certainly not been sent.
type clients struct {
	url      string
	done     atomic.Bool // begin no more
	together sync.WaitGroup

	mu     sync.Mutex
	asked  map[string]int // answered requests, by kind of client
	losses []loss
}

// A loss is a request that got no good answer.
type loss struct {
	began time.Time
	kind  string
	err   error
}

// kinds are how clients hold their connections.
func kinds() map[string]func() *http.Transport {
	return map[string]func() *http.Transport{
		"keep-alive": func() *http.Transport { return &http.Transport{MaxConnsPerHost: 1} },
		"anew":       func() *http.Transport { return &http.Transport{DisableKeepAlives: true} },
		"HTTP/2": func() *http.Transport {
			var protocols http.Protocols
			protocols.SetUnencryptedHTTP2(true)
			return &http.Transport{Protocols: &protocols}
		},
	}
}

// ask starts some clients of each kind, whose requests take up to some time.
func ask(t *testing.T, url string, each int, longest time.Duration) *clients {
	t.Helper()
	c := &clients{url: url, asked: map[string]int{}}
	for kind, transport := range kinds() {
		for i := range each {
			c.together.Go(func() {
				client := &http.Client{Transport: transport()}
				defer client.CloseIdleConnections()
				for n := 0; !c.done.Load(); n++ {
					c.once(client, kind, longest*time.Duration(n%(i+3))/time.Duration(i+2)) // out of step with the others
				}
			})
		}
	}
	t.Cleanup(c.stop)
	return c
}

func (c *clients) once(client *http.Client, kind string, takes time.Duration) {
	began := time.Now()
	answer, err := client.Post(fmt.Sprintf("%s/?takes=%s", c.url, takes), "text/plain", strings.NewReader("x"))
	if err == nil {
		if _, err = io.Copy(io.Discard, answer.Body); err == nil && answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s", answer.Status)
		}
		answer.Body.Close()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.losses = append(c.losses, loss{began, kind, err})
		time.Sleep(time.Millisecond) // nobody listens any more
		return
	}
	c.asked[kind]++
}

// stop lets the clients begin no more and waits for what they have begun.
func (c *clients) stop() {
	c.done.Store(true)
	c.together.Wait()
}

// lost returns the requests that began before a moment and got no good answer.
func (c *clients) lost(before time.Time) []loss {
	c.mu.Lock()
	defer c.mu.Unlock()
	var lost []loss
	for _, l := range c.losses {
		if l.began.Before(before) {
			lost = append(lost, l)
		}
	}
	return lost
}

// answered is how many requests of a kind got their answer.
func (c *clients) answered(kind string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked[kind]
}
