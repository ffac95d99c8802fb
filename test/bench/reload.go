package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

const (
	// saves are those that count of each size. The one before them brings the other routes.
	saves = 9

	// reloadPatience is how long a saved file may take before the measurement is given up.
	reloadPatience = 20 * time.Second

	// rest is the pause before memory is measured: the gate returns what it needed for a reload.
	rest = 6 * time.Second
)

// A size is a number of routes in addition to the sandbox's own, and the requirements on saving them.
type size struct {
	routes      int
	most        time.Duration // until Envoy enforces it; 0 where nothing is required
	gate, envoy int64         // MiB some seconds after all saves
}

// While a gate reads a large file it holds much more, for some seconds: a gigabyte for 10,000 routes.
var sizes = []size{
	{100, 0, 70, 130},
	{1_000, 200 * time.Millisecond, 120, 150},
	{10_000, time.Second, 450, 330},
}

// A reload is what saving routes.yaml takes at one size.
type reload struct {
	size
	enforced      []time.Duration // from the save until all of Envoy enforces it, sorted
	read, publish time.Duration   // medians: until the gate has read and checked the file, and from there to Envoy's word
	memory        []demand
}

func (r *reload) median() time.Duration { return median(r.enforced) }

// each is a route's share of the median, in microseconds.
func (r *reload) each() float64 { return float64(r.median().Microseconds()) / float64(r.routes) }

// A saver saves the routes of a world and measures the effect.
type saver struct {
	world *harness.World
	watch *watch
	text  string // of the sandbox's own routes
}

// reload saves routes.yaml in every size again and again, each time with another path of one route.
func (b *bench) reload(ctx context.Context, w *harness.World) error {
	text, err := w.Routes()
	if err != nil {
		return err
	}
	watch, err := openWatch(w)
	if err != nil {
		return err
	}
	defer watch.close()
	s := &saver{w, watch, text}
	for _, size := range sizes {
		b.say(fmt.Sprintf("measuring: reload of %d routes", size.routes))
		found := reload{size: size}
		if err := s.measure(ctx, &found); err != nil {
			return fmt.Errorf("reload of %d routes: %w", size.routes, err)
		}
		b.reloads = append(b.reloads, found)
	}
	return nil
}

func (s *saver) measure(ctx context.Context, into *reload) error {
	text := s.text + bankRoutes(into.routes-1)
	path := func(n int) string { return fmt.Sprintf("/bench/%d-%d", into.routes, n) }
	var reads, publishes []time.Duration
	for n := range saves + 1 {
		took, err := s.save(ctx, text+bankRoute("changing", path(n)), path(n), path(n-1))
		if err != nil {
			return err
		}
		if n > 0 {
			into.enforced = append(into.enforced, took.enforced)
			reads, publishes = append(reads, took.read), append(publishes, took.publish)
		}
	}
	slices.Sort(into.enforced)
	into.read, into.publish = median(reads), median(publishes)
	time.Sleep(rest)
	when := fmt.Sprintf(", %d routes", into.routes)
	gate, gateErr := memoryOf(s.world, harness.Gate, when, into.gate)
	envoy, envoyErr := memoryOf(s.world, harness.Envoy, when, into.envoy)
	into.memory = []demand{gate, envoy}
	return errors.Join(gateErr, envoyErr)
}

// saved is how long one save took.
type saved struct{ enforced, read, publish time.Duration }

// save saves a text, and returns when Envoy enforces it and the gate has finished the reload.
func (s *saver) save(ctx context.Context, text, there, gone string) (took saved, err error) {
	before, err := s.world.Status(ctx)
	if err != nil {
		return took, err
	}
	path := s.world.Path(s.world.File.Routes)
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return took, err
	}
	begun := time.Now()
	if err := os.Rename(path+".new", path); err != nil {
		return took, err
	}
	if err := s.watch.await(ctx, there, gone); err != nil {
		return took, err
	}
	took.enforced = time.Since(begun)
	status, err := s.world.AwaitStatus(ctx, reloadPatience, func(now *harness.Status) bool { return now.Entry > before.Entry })
	if err != nil {
		return took, err
	}
	told, err := lastReload(s.world)
	if err == nil && told.Version != status.Version {
		err = errors.New("the gate's log does not mention the save")
	}
	took.publish = time.Duration(told.TookMicros) * time.Microsecond
	took.read = told.Time.Add(-took.publish).Sub(begun)
	return took, err
}

// bankRoutes are routes as an administrator writes them. Half of them have a named part.
func bankRoutes(number int) string {
	var text strings.Builder
	for n := range number {
		path := fmt.Sprintf("/open-banking/v3.1/bench/resource-%d", n)
		if n%2 == 1 {
			path += "/{Id}"
		}
		text.WriteString(bankRoute(fmt.Sprintf("resource-%d", n), path))
	}
	return text.String()
}

func bankRoute(name, path string) string {
	return fmt.Sprintf(`
  - name: bench-%s
    path: %q
    methods: [GET]
    checks: [certificate, bearer, scope, role]
    scopes: [accounts]
    roles: [AISP]
    upstream: bank
`, name, path)
}

const (
	// watched is how many connections are kept: all but certainly each of Envoy's two workers has one.
	watched = 6

	// askEvery is the time between two requests, and askShare the same as a share of the time elapsed: asking must not
	// distort what is measured.
	askEvery = time.Millisecond
	askShare = 50
)

// A watch asks Envoy without a token, over connections that it keeps: a route that is there answers 401, and any other
// path 404.
type watch struct {
	address string
	clients []*http.Client
}

func openWatch(w *harness.World) (*watch, error) {
	tpp := w.File.TPPs[0]
	pair, err := tls.LoadX509KeyPair(w.Path(tpp.TransportCert), w.Path(tpp.TransportKey))
	if err != nil {
		return nil, err
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	opened := &watch{address: w.MTLS()}
	for range watched {
		transport := &http.Transport{TLSClientConfig: w.TLS(&pair), Protocols: protocols, MaxConnsPerHost: 1}
		opened.clients = append(opened.clients, &http.Client{Timeout: patience, Transport: transport})
	}
	return opened, nil
}

func (w *watch) close() {
	for _, client := range w.clients {
		client.CloseIdleConnections()
	}
}

// await returns when one path is there and another is not, on every connection.
func (w *watch) await(ctx context.Context, there, gone string) error {
	ctx, stop := context.WithTimeout(ctx, reloadPatience)
	defer stop()
	begun := time.Now()
	for _, client := range w.clients {
		for {
			found, err := w.serves(ctx, client, there)
			if err != nil {
				return err
			}
			if found {
				break
			}
			time.Sleep(max(askEvery, time.Since(begun)/askShare))
		}
		if found, err := w.serves(ctx, client, gone); err != nil {
			return err
		} else if found {
			return errors.New("a route is still there beside the one that took its place")
		}
	}
	return nil
}

// serves reports whether a path is served. Any other answer than the two is an error, whatever is being saved.
func (w *watch) serves(ctx context.Context, client *http.Client, path string) (bool, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.address+path, nil)
	if err != nil {
		return false, err
	}
	answer, err := harness.Do(client, request)
	switch {
	case err != nil:
		return false, err
	case answer.Protocol != harness.HTTP2:
		return false, fmt.Errorf("%s answers with %s", path, answer.Protocol)
	case answer.Status == http.StatusUnauthorized:
		return true, nil
	case answer.Status == http.StatusNotFound:
		return false, nil
	}
	return false, fmt.Errorf("%s answers %s", path, answer)
}

// told is the gate's log line about an activated version.
type told struct {
	Time       time.Time `json:"time"`
	Version    string    `json:"version"`
	TookMicros int64     `json:"took_us"` // since the gate had read and checked the file
}

// lastReload reads the last such line.
func lastReload(w *harness.World) (last told, err error) {
	text, err := os.ReadFile(w.Path(w.File.Logs.Gate))
	if err != nil {
		return last, err
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, `"msg":"routes activated"`) {
			if err := json.Unmarshal([]byte(line), &last); err != nil {
				return last, err
			}
		}
	}
	return last, nil
}
