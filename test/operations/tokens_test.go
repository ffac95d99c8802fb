package operations

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/redis"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// rotateTokenKeys is the page about keys that sign. TPPs lose tokens where it says so, and only then.
func rotateTokenKeys(t *testing.T, h *host) {
	h.more = []string{"sleep 300", "sleep 2"} // no token of the traffic lives longer than a second
	h.install()
	traffic := h.balanced()
	r := h.world.Register(t, harness.Order{})
	status := func(want int) error {
		return eventually(func() error {
			answer, err := r.Try(t, http.MethodGet, r.API().URL, "", "", true)
			if err == nil && answer.Status != want {
				err = fmt.Errorf("call: %s, want %d", answer, want)
			}
			return err
		})
	}
	h.checks["both keys verify"] = func() error {
		err := status(http.StatusOK) // a token of the old key
		before := kid(r.Token)
		r.Renew(t)
		if after := kid(r.Token); after == before {
			err = errors.Join(err, errors.New("the new key does not sign"))
		}
		defer traffic.expect("401 ")
		return errors.Join(err, status(http.StatusOK))
	}
	h.checks["its tokens are dead"] = func() error {
		if err := status(http.StatusUnauthorized); err != nil {
			return err
		}
		return h.settles(t, r)
	}
	h.checks["tokens are signed with the file"] = func() error {
		if err := status(http.StatusUnauthorized); err != nil {
			return err
		}
		defer traffic.expect()
		return h.settles(t, r)
	}
	h.checks["tokens are signed with the other file"] = func() error {
		err := status(http.StatusUnauthorized) // it waited for as long as the traffic's tokens live, and not for ours
		r.Renew(t)
		defer traffic.expect("503 ")
		return errors.Join(err, status(http.StatusOK))
	}
	h.checks["the gate has published its key again"] = func() error {
		client, err := redis.Open("redis://127.0.0.1:" + h.ports.redis)
		if err != nil {
			return err
		}
		defer client.Close()
		err = eventually(func() error {
			number, err := client.ZCard(t.Context(), "dcr:facts").Result()
			if err == nil && number != 1 {
				err = fmt.Errorf("%d gates", number)
			}
			return err
		})
		traffic.expect()
		return err
	}
	h.run("rotate-token-keys.md")
	traffic.judge()
}

// kid is the id of the key that signed a token.
func kid(token string) string {
	header, _, _ := strings.Cut(token, ".")
	return header
}

// settles gets tokens until one is valid: a registry may sign with the key that is gone for another moment.
func (h *host) settles(t *testing.T, r *harness.Registered) error {
	t.Helper()
	quiet := time.Now()
	return eventually(func() error {
		r.Renew(t)
		answer, err := r.Try(t, http.MethodGet, r.API().URL, "", "", true)
		if err == nil && answer.Status != http.StatusOK {
			err, quiet = fmt.Errorf("call: %s", answer), time.Now()
		}
		if err == nil && time.Since(quiet) < 6*time.Second {
			err = errors.New("it is too early to say")
		}
		return err
	})
}
