package fault

import (
	"net/http"
	"syscall"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// everyWay asks for something on each kind of route.
func (p tpp) everyWay(t *testing.T) map[string]*harness.Answer {
	return map[string]*harness.Answer{
		"register":  stranger(t).register(t),
		"read":      p.read(t),
		"token":     p.renew(t),
		"revoke":    p.revoke(t),
		"accounts":  p.accounts(t),
		"discovery": p.Send(t, http.MethodGet, world.File.Discovery, "", "", false),
		"nothing":   p.Send(t, http.MethodGet, world.MTLS()+"/nothing", "", "", false),
	}
}

func TestGateKilled(t *testing.T) {
	p := enrol(t)
	kill(t, "gate")
	for what, answer := range p.everyWay(t) {
		unavailable(t, what, answer)
	}
	restart(t)
	back(t, "accounts", http.StatusOK, func() *harness.Answer { return p.accounts(t) })
	back(t, "read", http.StatusOK, func() *harness.Answer { return p.read(t) })
	back(t, "register", http.StatusCreated, func() *harness.Answer { return stranger(t).register(t) })
}

// A gate that is there and does not answer is found by its health checks, not by waiting for each of its answers.
func TestGateFrozen(t *testing.T) {
	p := enrol(t)
	if err := world.Freeze("gate"); err != nil {
		t.Fatal(err)
	}
	thaw := func() {
		if err := world.Signal("gate", syscall.SIGCONT); err != nil {
			t.Error(err)
		}
	}
	defer thaw()
	unavailable(t, "the first request", p.accounts(t))
	asked := gateAsked(t)
	unavailable(t, "a later request", p.accounts(t))
	if now := gateAsked(t); now != asked {
		t.Errorf("the frozen gate is still asked: %s, before %s", now, asked)
	}
	thaw()
	back(t, "accounts", http.StatusOK, func() *harness.Answer { return p.accounts(t) })
}

// gateAsked is what Envoy counts of its requests to the gate: decisions, not health checks.
func gateAsked(t *testing.T) string {
	t.Helper()
	text, err := world.AskEnvoy(t.Context(), http.MethodGet, "/stats?filter=^cluster.gate.upstream_rq_(total|pending_total)$")
	if err != nil || len(text) == 0 {
		t.Fatalf("%q, %v", text, err)
	}
	return string(text)
}

func TestRedisKilled(t *testing.T) {
	p := enrol(t)
	revoked := enrol(t)
	if answer := revoked.revoke(t); answer.Status != http.StatusOK {
		t.Fatalf("revoke: %s", answer)
	}
	kill(t, "redis")
	unavailable(t, "accounts", p.accounts(t))
	unavailable(t, "accounts with a revoked token", revoked.accounts(t))
	unavailable(t, "read", p.read(t))
	unavailable(t, "token", p.renew(t))
	unavailable(t, "revoke", p.revoke(t))
	unavailable(t, "register", stranger(t).register(t))

	// "A Redis outage is invisible to invalid requests": nothing was asked of it yet.
	bad := stranger(t)
	request := bad.Request()
	request.Claims["scope"] = "everything"
	answer := bad.Apply(t, request)
	if answer.Status != http.StatusBadRequest || answer.Refusal().Code != "invalid_client_metadata" {
		t.Errorf("an invalid request while Redis is down: %s, want 400 invalid_client_metadata", answer)
	}

	restart(t)
	back(t, "accounts", http.StatusOK, func() *harness.Answer { return p.accounts(t) })
	back(t, "read", http.StatusOK, func() *harness.Answer { return p.read(t) })
	back(t, "register", http.StatusCreated, func() *harness.Answer { return stranger(t).register(t) })
	if answer := revoked.accounts(t); answer.Status != http.StatusUnauthorized {
		t.Errorf("a token that was revoked before kill -9: %s, want 401", answer)
	}
}

func TestRegistryKilled(t *testing.T) {
	p := enrol(t)
	kill(t, "registry")
	unavailable(t, "read", p.read(t))
	unavailable(t, "token", p.renew(t))
	unavailable(t, "register", stranger(t).register(t))
	if answer := p.accounts(t); answer.Status != http.StatusOK {
		t.Errorf("accounts while the registry is down: %s, want 200: a bank API does not need it", answer)
	}
	restart(t)
	back(t, "read", http.StatusOK, func() *harness.Answer { return p.read(t) })
}

func TestBankKilled(t *testing.T) {
	p := enrol(t)
	kill(t, "bank")
	unavailable(t, "accounts", p.accounts(t))
	restart(t)
	back(t, "accounts", http.StatusOK, func() *harness.Answer { return p.accounts(t) })
}

// The keys of those who are known stay known; a newcomer's are not available, and that is not the newcomer's fault.
func TestDirectoryKilled(t *testing.T) {
	p, newcomer := enrol(t), stranger(t)
	kill(t, "directory")
	unavailable(t, "register", newcomer.register(t))
	if answer := p.renew(t); answer.Status != http.StatusOK {
		t.Errorf("token for a known software: %s, want 200", answer)
	}
	restart(t)
	back(t, "register", http.StatusCreated, func() *harness.Answer { return newcomer.register(t) })
}

func TestEnvoyKilled(t *testing.T) {
	p := enrol(t)
	kill(t, "envoy")
	if answer, err := p.Try(t, http.MethodGet, p.API().URL, "", "", true); err == nil {
		t.Errorf("somebody answers in Envoy's place: %s", answer)
	}
	restart(t)
	back(t, "accounts", http.StatusOK, func() *harness.Answer { return p.accounts(t) })
}
