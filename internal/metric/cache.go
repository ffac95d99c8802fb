package metric

import (
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/prometheus/client_golang/prometheus"
)

// A Cache keeps the values that were used last, counts how often it has what is asked for, and is safe for concurrent use.
type Cache[K comparable, V any] struct {
	kept         *lru.Cache[K, V]
	hits, misses prometheus.Counter
}

// NewCache returns an empty cache of at most limit values. Of several caches of one name the metrics show the size of the
// last, and the requests of all: a cache is made anew when what its values were derived from changes. The error is that of a
// limit below 1.
func NewCache[K comparable, V any](s *Set, name string, limit int) (*Cache[K, V], error) {
	kept, err := lru.New[K, V](limit)
	if err != nil {
		return nil, err
	}
	c := &Cache[K, V]{kept: kept}
	c.hits, c.misses = s.cache(name, cacheSize{kept.Len, limit})
	return c, nil
}

// Get returns the value of the key, if the cache has one that is good; nil means that every value is good.
func (c *Cache[K, V]) Get(key K, good func(V) bool) (V, bool) {
	value, ok := c.Peek(key, good)
	if ok {
		c.hits.Inc()
	} else {
		c.misses.Inc()
	}
	return value, ok
}

// Peek is Get for a lookup that does not count, because it repeats one.
func (c *Cache[K, V]) Peek(key K, good func(V) bool) (V, bool) {
	value, ok := c.kept.Get(key)
	if ok && (good == nil || good(value)) {
		return value, true
	}
	var none V
	return none, false
}

// Add keeps a value, instead of the least recently used one if the cache is full.
func (c *Cache[K, V]) Add(key K, value V) { c.kept.Add(key, value) }

// Remove drops the value of a key.
func (c *Cache[K, V]) Remove(key K) { c.kept.Remove(key) }

// Len returns how many values there are.
func (c *Cache[K, V]) Len() int { return c.kept.Len() }

// cacheSize is how large a cache is, and may become.
type cacheSize struct {
	entries func() int
	limit   int
}

// caches are the caches of a process.
type caches struct {
	requests *prometheus.CounterVec

	mu    sync.Mutex
	sizes map[string]cacheSize // by name
}

func (s *Set) declareCaches() {
	s.caches = caches{
		requests: s.Counter("dcr_cache_requests_total", "Lookups in a cache, by result: hit or miss. token: verified access tokens; client: records of the "+
			"clients of calls; certificate: verified client certificates; basic: compared passwords; facts: signed facts; facts_key: keys of gates.", "cache", "result"),
		sizes: map[string]cacheSize{},
	}
	each := func(of func(cacheSize) int) func(map[string]cacheSize, Emit) {
		return func(all map[string]cacheSize, emit Emit) {
			for name, size := range all {
				emit(float64(of(size)), name)
			}
		}
	}
	Read(s, s.caches.all,
		Values("dcr_cache_entries", "Values in a cache.", each(func(c cacheSize) int { return c.entries() }), "cache"),
		Values("dcr_cache_max_entries", "Values that a cache keeps at most; the least recently used one goes.", each(func(c cacheSize) int { return c.limit }), "cache"),
	)
}

func (c *caches) all() map[string]cacheSize {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make(map[string]cacheSize, len(c.sizes))
	for name, size := range c.sizes {
		all[name] = size
	}
	return all
}

// cache returns the counters of a cache.
func (s *Set) cache(name string, size cacheSize) (hits, misses prometheus.Counter) {
	if s == nil {
		unread := prometheus.NewCounter(prometheus.CounterOpts{Name: "unread"})
		return unread, unread
	}
	s.caches.mu.Lock()
	defer s.caches.mu.Unlock()
	s.caches.sizes[name] = size
	return s.caches.requests.WithLabelValues(name, "hit"), s.caches.requests.WithLabelValues(name, "miss")
}
