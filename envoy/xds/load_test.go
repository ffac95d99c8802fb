package xds

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// table returns so many routes that say a text.
func table(count int, text string) []*routev3.Route {
	routes := make([]*routev3.Route, 0, count)
	for i := range count {
		routes = append(routes, says(fmt.Sprintf("/bank/%d", i), text))
	}
	return routes
}

// TestMemoryIsFlat publishes a thousand times to a real Envoy and to one that goes and comes back all the time.
func TestMemoryIsFlat(t *testing.T) {
	w := newWorld(t)
	w.server.linger = 20 * time.Millisecond
	e := w.envoy("edge")
	port := freePort(t)
	var edge [2]int
	var heap, goroutines [2]uint64
	for i := range 1001 {
		version := fmt.Sprintf("v%d", i)
		w.publish(web(version, port, table(160, version), cluster(version, "/"+version)))
		w.accepted(version)
		if i%25 == 0 { // one that leaves in the middle of a push
			c := w.connect("guest")
			c.asks(clusters)
			c.gets(clusters, version)
			c.hangUp()
			waitFor(t, func() (int, bool) { n := len(w.server.Envoys()); return n, n == 1 })
			w.accepted(version)
		}
		if i == 200 || i == 1000 {
			heap[i/1000], goroutines[i/1000] = alive(), uint64(runtime.NumGoroutine())
			edge[i/1000] = e.resident()
		}
	}
	t.Logf("heap %d -> %d KiB, goroutines %d -> %d, envoy %d -> %d MiB", heap[0]>>10, heap[1]>>10, goroutines[0], goroutines[1], edge[0], edge[1])
	// 800 versions are some 6 MiB; the buffers of connections come and go.
	if heap[1] > heap[0]+4<<20 || goroutines[1] > goroutines[0]+5 || edge[1] > edge[0]+16 {
		t.Error("memory grows")
	}
}

func alive() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// TestManyAtOnce is for the race detector: Envoys come, refuse, go and are listed while versions are published.
func TestManyAtOnce(t *testing.T) {
	w := newWorld(t)
	w.server.linger = time.Millisecond
	w.publish(small("v", "start"))
	var group sync.WaitGroup
	stop := make(chan struct{})
	for i := range 4 {
		group.Go(func() {
			for round := 0; ; round++ {
				select {
				case <-stop:
					return
				default:
				}
				c := w.connect(fmt.Sprint(i))
				c.asks(clusters)
				c.asks(listeners)
				c.asks(routes, "web")
				for n := range 4 {
					push := <-c.pushes
					if (n+round)%3 == 0 {
						c.nacks(push, "no")
						break
					}
					c.acks(push)
				}
				w.server.Envoys()
				c.hangUp()
			}
		})
	}
	for i := range 200 {
		w.publish(small(fmt.Sprint(i), fmt.Sprint(i), fmt.Sprint("c", i%5)))
		time.Sleep(time.Millisecond)
	}
	close(stop)
	group.Wait()
	waitFor(t, func() (int, bool) { n := len(w.server.Envoys()); return n, n == 0 })
	c := w.connect("last")
	c.asks(clusters)
	c.takes(clusters, "c4")
	c.asks(listeners)
	c.takes(listeners, "web")
	c.asks(routes, "web")
	c.takes(routes, "web")
	waitFor(t, func() (Outcome, bool) { o := w.outcome(); return o, o == Outcome{Version: "199"} })
}

// BenchmarkPublish is from Publish to a real Envoy's acknowledgement of all routes.
func BenchmarkPublish(b *testing.B) {
	for _, count := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			w := newWorld(b)
			e := w.envoy("edge")
			port := freePort(b)
			w.publish(web("start", port, nil))
			w.accepted("start")
			i := 0
			for b.Loop() {
				b.StopTimer()
				version := fmt.Sprintf("v%d", i)
				r := web(version, port, table(count, version))
				i++
				b.StartTimer()
				w.publish(r)
				w.accepted(version)
			}
			b.ReportMetric(float64(e.resident()), "envoy-MiB")
		})
	}
}

// BenchmarkPublication is what Publish does itself.
func BenchmarkPublication(b *testing.B) {
	r := web("v1", 1, table(10_000, "text"))
	for b.Loop() {
		if _, err := newPublication(r, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// resident returns Envoy's memory in MiB, 0 where the system does not say.
func (p *edge) resident() (size int) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	if _, err := fmt.Sscan(after, &size); err != nil {
		p.t.Fatal(err)
	}
	return size >> 10
}
