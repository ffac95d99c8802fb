package operations

import (
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/redis"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// regions is the page about a second Redis. A planned move loses nothing; meanwhile only writes are refused.
func regions(t *testing.T, h *host) {
	h.install()
	h.replica()
	traffic := h.balanced()
	r := h.world.Register(t, harness.Order{})
	h.checks["the gateway serves while a replica follows"] = func() error {
		if err := h.tries(t, r, http.StatusOK); err != nil {
			return err
		}
		traffic.expect("503 ")
		if err := h.systemctl("stop redis-replica"); err != nil {
			return err
		}
		err := errors.Join(h.tries(t, r, http.StatusServiceUnavailable), serves(t, r), h.systemctl("start redis-replica"), h.tries(t, r, http.StatusOK))
		traffic.expect("503 ") // of the move
		return err
	}
	h.checks["everything is at the new primary"] = func() error {
		before := *r
		err := serves(t, &before) // with its token of the old primary
		traffic.expect()
		return errors.Join(err, h.tries(t, r, http.StatusOK))
	}
	h.run("regions.md")
	traffic.judge()
}

// tries gets a token, which is a write, until the answer is as wanted.
func (h *host) tries(t *testing.T, r *harness.Registered, want int) error {
	return eventually(func() error {
		answer := r.Form(t, h.world.File.Token, map[string][]string{"grant_type": {"client_credentials"}})
		if answer.Status != want {
			return fmt.Errorf("token: %s, want %d", answer, want)
		}
		return nil
	})
}

// replica starts a second Redis that follows the first.
func (h *host) replica() {
	h.tb.Helper()
	config := strings.NewReplacer("port "+h.ports.redis+"\n", "port "+h.ports.redis2+"\n", "tls-port "+h.ports.secureRedis, "tls-port "+h.ports.secureRedis2,
		h.path("var/lib/redis"), h.path("var/lib/redis-2")).Replace(h.read("etc/redis/redis.conf"))
	h.write("etc/redis/redis-2.conf", config+"replicaof 127.0.0.1 "+h.ports.redis+"\n")
	h.write("var/lib/redis-2/.keep", "")
	server, err := exec.LookPath("redis-server")
	h.must(err)
	h.write("etc/systemd/system/redis-replica.service", "[Service]\nExecStart="+server+" "+h.path("etc/redis/redis-2.conf")+"\nTimeoutStopSec=10\n")
	h.must(h.systemctl("daemon-reload"))
	h.must(h.systemctl("start redis-replica"))
	client, err := redis.Open("redis://127.0.0.1:" + h.ports.redis)
	h.must(err)
	defer client.Close()
	h.must(eventually(func() error {
		text, err := client.Info(h.tb.Context(), "replication").Result()
		if err == nil && !strings.Contains(text, "state=online") {
			err = errors.New("the replica does not follow")
		}
		return err
	}))
}
