package fault

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// admin asks a part's admin interface, and waits if the part only starts.
func admin(t *testing.T, part, path string) string {
	t.Helper()
	address := map[string]string{"gate": world.File.Internal.GateAdmin, "registry": world.File.Internal.RegistryAdmin}[part]
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		body, err := world.AskAdmin(t.Context(), address, path)
		if err == nil {
			return string(body)
		}
		if time.Since(begun) > 20*time.Second {
			t.Fatal(err)
		}
	}
}

// shown waits until gate and registry say about Redis what they should: in /readyz, whose code stays 200, the status and the
// metrics. why is "" for a Redis that serves.
func shown(t *testing.T, why string) {
	t.Helper()
	for _, part := range []string{"gate", "registry"} {
		for begun := time.Now(); ; time.Sleep(100 * time.Millisecond) {
			var ready, status struct {
				Status, Why string
				Store       struct{ Why string }
			}
			if err := json.Unmarshal([]byte(admin(t, part, "/readyz")), &ready); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(admin(t, part, "/status")), &status); err != nil {
				t.Fatal(err)
			}
			metrics := admin(t, part, "/metrics")
			if why == "" && ready.Status == "ok" && status.Store.Why == "" && strings.Contains(metrics, "\ndcr_redis_up 1\n") {
				break
			}
			if why != "" && ready.Status == "degraded" && strings.Contains(ready.Why, why) && strings.Contains(status.Store.Why, why) &&
				strings.Contains(metrics, "\ndcr_redis_up 0\n") {
				break
			}
			if time.Since(begun) > time.Minute {
				t.Fatalf("%s: ready %+v, status %+v, want %q", part, ready, status, why)
			}
		}
		log, err := os.ReadFile(world.Path("logs/" + part + ".jsonl"))
		if err != nil || why != "" && !strings.Contains(string(log), why) {
			t.Errorf("the log of the %s does not say %q (%v)", part, why, err)
		}
	}
}

// storeUnavailable wants a 503 that says where the fault is.
func storeUnavailable(t *testing.T, what string, answer *harness.Answer) {
	t.Helper()
	unavailable(t, what, answer)
	if !strings.Contains(string(answer.Body), `"store.unavailable"`) {
		t.Errorf("%s: %s, want the rule store.unavailable", what, answer)
	}
}

func redis(t *testing.T, command ...any) any {
	t.Helper()
	reply, err := world.AskRedis(context.WithoutCancel(t.Context()), command...)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

// serves wants everything as it was, without a restart of a part.
func serves(t *testing.T, p tpp) {
	t.Helper()
	shown(t, "")
	back(t, "accounts", http.StatusOK, func() *harness.Answer { return p.accounts(t) })
	back(t, "token", http.StatusOK, func() *harness.Answer { return p.renew(t) })
	back(t, "register", http.StatusCreated, func() *harness.Answer { return stranger(t).register(t) })
}

func TestRedisStopped(t *testing.T) {
	p := enrol(t)
	shown(t, "")
	kill(t, "redis")
	storeUnavailable(t, "accounts", p.accounts(t))
	storeUnavailable(t, "token", p.renew(t))
	storeUnavailable(t, "register", stranger(t).register(t))
	shown(t, "redis cannot be reached")
	restart(t)
	serves(t, p)
}

// TestRedisFull: what is there is served, nothing new is taken, and what ends access is.
func TestRedisFull(t *testing.T) {
	p, leaving := enrol(t), enrol(t)
	redis(t, "CONFIG", "SET", "maxmemory", "1")
	t.Cleanup(func() { redis(t, "CONFIG", "SET", "maxmemory", "0") })
	shown(t, "redis is full")
	storeUnavailable(t, "token", p.renew(t))
	storeUnavailable(t, "register", stranger(t).register(t))
	for what, answer := range map[string]*harness.Answer{"accounts": p.accounts(t), "revoke": leaving.revoke(t)} {
		if answer.Status != http.StatusOK {
			t.Errorf("%s: %s, want 200", what, answer)
		}
	}
	if answer := leaving.accounts(t); answer.Status != http.StatusUnauthorized {
		t.Errorf("a token that was revoked meanwhile: %s, want 401", answer)
	}
	redis(t, "CONFIG", "SET", "maxmemory", "0")
	serves(t, p)
}

// TestGateStartsWhileRedisIsFull: a bank's API is served by a gate that starts then.
func TestGateStartsWhileRedisIsFull(t *testing.T) {
	p := enrol(t)
	redis(t, "CONFIG", "SET", "maxmemory", "1")
	t.Cleanup(func() { redis(t, "CONFIG", "SET", "maxmemory", "0") })
	kill(t, "gate")
	if err := world.Launch("gate"); err != nil {
		t.Fatal(err)
	}
	back(t, "accounts", http.StatusOK, func() *harness.Answer { return p.accounts(t) })
	redis(t, "CONFIG", "SET", "maxmemory", "0")
	serves(t, p)
}

// TestRedisSlow: slow answers are answers.
func TestRedisSlow(t *testing.T) {
	p := enrol(t)
	ctx, stop := context.WithCancel(t.Context())
	var limping sync.WaitGroup
	limping.Go(func() { // it runs for a millisecond at a time: commands wait for up to 450 ms, which is less than their timeout
		for ctx.Err() == nil {
			_ = world.Signal("redis", syscall.SIGSTOP)
			time.Sleep(450 * time.Millisecond)
			_ = world.Signal("redis", syscall.SIGCONT)
			time.Sleep(time.Millisecond)
		}
	})
	defer limping.Wait()
	defer stop()
	shown(t, "redis is slow")
	stop()
	limping.Wait()
	serves(t, p)
}

// TestRedisFrozen is stopped without closing its connections.
func TestRedisFrozen(t *testing.T) {
	p := enrol(t)
	if err := world.Freeze("redis"); err != nil {
		t.Fatal(err)
	}
	thaw := func() { _ = world.Signal("redis", syscall.SIGCONT) }
	t.Cleanup(thaw)
	storeUnavailable(t, "accounts", p.accounts(t))
	shown(t, "redis cannot be reached")
	thaw()
	serves(t, p)
}

// TestRedisEmpty: an empty Redis is not a new installation. Nobody's client is unknown there, and nobody is registered.
func TestRedisEmpty(t *testing.T) {
	p := enrol(t)
	dump := map[string]string{}
	for _, key := range redis(t, "KEYS", "*").([]any) {
		dump[key.(string)] = redis(t, "DUMP", key).(string)
	}
	redis(t, "FLUSHALL")
	restore := func() { // in one transaction, as from a backup
		script := "for i, key in ipairs(KEYS) do redis.call('RESTORE', key, 0, ARGV[i], 'REPLACE') end return 1"
		keys, values := []any{"EVAL", script, len(dump)}, []any{}
		for key, value := range dump {
			keys, values = append(keys, key), append(values, value)
		}
		redis(t, append(keys, values...)...)
	}
	t.Cleanup(restore)
	shown(t, "redis holds no installation, or another one")
	storeUnavailable(t, "accounts", p.accounts(t))
	storeUnavailable(t, "token", p.renew(t))
	storeUnavailable(t, "register", stranger(t).register(t))
	kill(t, "registry")
	if err := world.Launch("registry"); err != nil {
		t.Fatal(err)
	}
	unavailable(t, "a registry that starts", p.renew(t))
	if keys := redis(t, "KEYS", "*client*").([]any); len(keys) > 0 {
		t.Errorf("written to an empty Redis: %v", keys)
	}
	restore()
	serves(t, p)
}
