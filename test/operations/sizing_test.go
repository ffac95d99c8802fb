package operations

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/redis"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// sizingVariable has TestSizing measure what docs/operations/sizing.md says. It takes three minutes, and wants a quiet machine.
const sizingVariable = "DCR_SIZING"

// measured are the parts of a world whose needs the page names.
var measured = []string{harness.Gate, harness.Registry, harness.Envoy, harness.Redis}

// most is the memory that the page calls enough for a gateway of ordinary size.
var most = map[string]int64{harness.Gate: 128 << 20, harness.Registry: 128 << 20, harness.Envoy: 512 << 20}

type sizing struct {
	*testing.T
	world *harness.World
	idle  map[string]float64 // the share of a core that a part uses while nobody asks
}

// TestSizing prints the numbers of the page.
func TestSizing(t *testing.T) {
	if os.Getenv(sizingVariable) == "" {
		t.Skip("set " + sizingVariable + " to measure: make sizing")
	}
	s := &sizing{t, harness.New(t, harness.Options{Program: program}), nil}
	r := s.world.Register(t, harness.Order{})
	s.rest()
	s.Logf("idle: %s", mebibytes(s.memory()))
	s.calls(r)
	s.handshakes(r)
	s.registrations()
	s.Logf("after all this: %s", mebibytes(s.memory()))
	for part, limit := range most {
		if now := s.memory()[part]; now > limit {
			t.Errorf("%s has %d MiB, and the page says that %d are enough", part, now>>20, limit>>20)
		}
	}
	s.connections(r)
	s.redis(r)
	s.routes()
	s.directories()
}

func (s *sizing) memory() map[string]int64 {
	s.Helper()
	all := map[string]int64{}
	for _, part := range measured {
		resident, err := s.world.Resident(part)
		if err != nil {
			s.Fatal(err)
		}
		all[part] = resident
	}
	return all
}

func (s *sizing) processor() map[string]time.Duration {
	s.Helper()
	all := map[string]time.Duration{}
	for _, part := range measured {
		used, err := s.world.Processor(part)
		if err != nil {
			s.Fatal(err)
		}
		all[part] = used
	}
	return all
}

func mebibytes(all map[string]int64) string {
	var text strings.Builder
	for _, part := range measured {
		fmt.Fprintf(&text, "%s %.1f MiB  ", part, float64(all[part])/(1<<20))
	}
	return text.String()
}

// rest measures the idle parts.
func (s *sizing) rest() {
	const period = 10 * time.Second
	before := s.processor()
	time.Sleep(period) // it is the time itself that is measured
	after := s.processor()
	s.idle = map[string]float64{}
	for _, part := range measured {
		s.idle[part] = float64(after[part]-before[part]) / float64(period)
		s.Logf("idle: %s uses %.0f millicores", part, s.idle[part]*1000)
	}
}

// pace does something at a rate and says what each part needed for it, in millicores at 100 a second.
func (s *sizing) pace(what string, rate, number int, do func(i int)) {
	s.Helper()
	before, begun := s.processor(), time.Now()
	var all sync.WaitGroup
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for i := range number {
		<-tick.C
		all.Go(func() { do(i) })
	}
	all.Wait()
	took, after := time.Since(begun), s.processor()
	var text strings.Builder
	for _, part := range measured {
		busy := (after[part] - before[part]).Seconds() - s.idle[part]*took.Seconds()
		fmt.Fprintf(&text, "%s %.0fm  ", part, busy/float64(number)*100*1000)
	}
	s.Logf("%s, %.0f a second; millicores for 100 a second: %s", what, float64(number)/took.Seconds(), &text)
}

// calls are of an API, over connections that last.
func (s *sizing) calls(r *harness.Registered) {
	s.pace("calls", 200, 4000, func(int) {
		if answer, err := r.Try(s, http.MethodGet, r.API().URL, "", "", true); err != nil || answer.Status != http.StatusOK {
			s.Errorf("call: %v, %v", answer, err)
		}
	})
}

// handshakes are calls, each over a connection of its own.
func (s *sizing) handshakes(r *harness.Registered) {
	s.pace("calls over new connections", 50, 500, func(int) {
		fresh := *r
		transport := &http.Transport{TLSClientConfig: s.world.TLS(&r.Transport), ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		fresh.HTTP = &http.Client{Transport: transport}
		if answer, err := fresh.Try(s, http.MethodGet, r.API().URL, "", "", true); err != nil || answer.Status != http.StatusOK {
			s.Errorf("call: %v, %v", answer, err)
		}
	})
}

// registrations are followed by a token each.
func (s *sizing) registrations() {
	strangers := make([]*harness.Registered, 60)
	for i := range strangers {
		strangers[i] = s.world.Stranger(s, harness.Order{})
	}
	s.pace("registrations with a token", 5, len(strangers), func(i int) { strangers[i].Join(s, strangers[i].Request()) })
}

// connections are idle, over TLS with a client certificate.
func (s *sizing) connections(r *harness.Registered) {
	const number = 1000
	before := s.memory()
	address := strings.TrimPrefix(s.world.MTLS(), "https://")
	for range number {
		conn, err := tls.Dial("tcp", address, s.world.TLS(&r.Transport))
		if err != nil {
			s.Fatal(err)
		}
		defer conn.Close()
		if _, err := fmt.Fprintf(conn, "GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n", address); err != nil {
			s.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 512)); err != nil {
			s.Fatal(err)
		}
	}
	after := s.memory()
	s.Logf("an idle connection: envoy %d KiB, gate %d KiB", (after[harness.Envoy]-before[harness.Envoy])/number>>10, (after[harness.Gate]-before[harness.Gate])/number>>10)
}

// redis copies what one client has left in Redis ten thousand times.
func (s *sizing) redis(r *harness.Registered) {
	const number = 10000
	client, err := redis.Open(s.world.File.Redis)
	if err != nil {
		s.Fatal(err)
	}
	defer client.Close()
	used := func() int64 {
		text, err := client.Info(s.Context(), "memory").Result()
		if err != nil {
			s.Fatal(err)
		}
		_, after, _ := strings.Cut(text, "used_memory:")
		var number int64
		if _, err := fmt.Sscan(after, &number); err != nil {
			s.Fatal(err)
		}
		return number
	}
	for what, pattern := range map[string]string{"client": "{dcr:*}:client:" + r.ID, "software product's index": "{dcr:*}:software:*", "used jti": "{dcr:*}:nonce:*"} {
		keys, err := client.Keys(s.Context(), pattern).Result()
		if err != nil || len(keys) == 0 {
			s.Fatalf("%s: %d keys, %v", what, len(keys), err)
		}
		dump, err := client.Dump(s.Context(), keys[0]).Result()
		if err != nil {
			s.Fatal(err)
		}
		begun := used()
		for part := range slices.Chunk(copies(keys[0], number), 100) {
			pipe := client.Pipeline()
			for _, key := range part {
				pipe.Restore(s.Context(), key, time.Hour, dump)
			}
			if _, err := pipe.Exec(s.Context()); err != nil {
				s.Fatal(err)
			}
		}
		s.Logf("redis, a %s: %d bytes", what, (used()-begun)/number)
		if err := client.Del(s.Context(), copies(keys[0], number)...).Err(); err != nil {
			s.Fatal(err)
		}
	}
}

func copies(key string, number int) []string {
	all := make([]string, number)
	for i := range all {
		all[i] = fmt.Sprintf("%s%06d", key[:len(key)-6], i)
	}
	return all
}

// routes are added to routes.yaml.
func (s *sizing) routes() {
	text, err := s.world.Routes()
	if err != nil {
		s.Fatal(err)
	}
	before := s.memory()
	for _, number := range []int{1000, 10000} {
		var more strings.Builder
		for i := range number {
			fmt.Fprintf(&more, "  - {name: more-%d, path: \"/more/%d/{Id}\", methods: [GET], checks: [certificate, bearer, scope, role], scopes: [accounts], roles: [AISP], upstream: bank}\n", i, i)
		}
		if err := s.world.Install(s.Context(), text+more.String()); err != nil {
			s.Fatal(err)
		}
		s.Logf("with %d more routes: %s", number, mebibytes(s.memory()))
	}
	if err := s.world.Install(s.Context(), text); err != nil {
		s.Fatal(err)
	}
	s.Logf("before: %s", mebibytes(before))
}

// directories are added; nobody answers for them.
func (s *sizing) directories() {
	text, err := s.world.Routes()
	if err != nil {
		s.Fatal(err)
	}
	const number = 50
	names := "directories: ["
	for i := range number {
		name := fmt.Sprintf("other-%d.yaml", i)
		names += name + ", "
		file := fmt.Sprintf("extends: openbanking-uk\nname: other-%[1]d\nissuer: https://directory-%[1]d.example\njwks: https://keys.directory-%[1]d.example/a.jwks\n"+
			"key_hosts: [keys.directory-%[1]d.example]\ncertificates:\n  - {type: obwac, ca: [directory/issuing.pem]}\n", i)
		if err := os.WriteFile(s.world.Path(name), []byte(file), 0o600); err != nil {
			s.Fatal(err)
		}
	}
	before := s.memory()
	status, err := s.world.Status(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	if err := s.world.SaveRoutes(strings.Replace(text, "directories: [", names, 1)); err != nil {
		s.Fatal(err)
	}
	if _, err := s.world.AwaitStatus(s.Context(), time.Minute, func(now *harness.Status) bool { return now.Reloads > status.Reloads && now.Version == now.File.Version }); err != nil {
		s.Fatal(err)
	}
	s.Logf("with %d directories more: %s; before: %s", number, mebibytes(s.memory()), mebibytes(before))
}
