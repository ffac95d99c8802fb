package operations

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/redis"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// backup is the page about the loss of Redis. TPPs see 503 from the loss to the end of the restore, and lose their tokens.
func backup(t *testing.T, h *host) {
	h.install()
	traffic := h.traffic()
	revokes, deletes := h.world.Register(t, harness.Order{}), h.world.Register(t, harness.Order{})
	registers := h.world.Stranger(t, harness.Order{})
	status := func(r *harness.Registered, want int) error {
		return eventually(func() error {
			answer, err := r.Try(t, http.MethodGet, r.API().URL, "", "", true)
			if err == nil && answer.Status != want {
				err = fmt.Errorf("call: %s, want %d", answer, want)
			}
			return err
		})
	}
	h.checks["work after the backup"] = func() error {
		if answer := revokes.Form(t, h.world.File.Revocation, url.Values{"token": {revokes.Token}}); answer.Status != http.StatusOK {
			return fmt.Errorf("revoke: %s", answer)
		}
		if answer := deletes.Send(t, http.MethodDelete, deletes.ClientURL(deletes.ID), "", "", true); answer.Status != http.StatusNoContent {
			return fmt.Errorf("delete: %s", answer)
		}
		registers.Join(t, registers.Request())
		defer traffic.expect("503 ", "401 ")
		return errors.Join(status(revokes, 401), status(deletes, 401), status(registers, 200))
	}
	h.checks["an empty Redis is an outage"] = func() error { return errors.Join(status(revokes, 503), status(registers, 503)) }
	h.checks["what the backup brings back"] = func() error {
		if err := status(registers, 503); err != nil { // it is shut out
			return err
		}
		defer h.askRedis("ACL", "SETUSER", "gateway", "off")
		if err := h.askRedis("ACL", "SETUSER", "gateway", "on"); err != nil {
			return err
		}
		err := errors.Join(status(revokes, 200), status(deletes, 200), status(registers, 401)) // the reason for step 3
		return errors.Join(err, h.askRedis("ACL", "SETUSER", "gateway", "off"), h.askRedis("CLIENT", "KILL", "USER", "gateway"), status(registers, 503))
	}
	h.checks["the restored gateway"] = func() error {
		if err := errors.Join(status(revokes, 401), status(deletes, 401), status(registers, 401)); err != nil {
			return err
		}
		form := url.Values{"grant_type": {"client_credentials"}}
		if answer := deletes.Form(t, h.world.File.Token, form); answer.Status != http.StatusUnauthorized {
			return fmt.Errorf("the deleted client gets a token: %s", answer)
		}
		for _, r := range []*harness.Registered{deletes, registers} { // they register again
			r.Join(t, r.Request())
		}
		defer traffic.expect()
		return errors.Join(h.settles(t, revokes), h.settles(t, deletes), h.settles(t, registers))
	}
	h.run("backup.md")
	traffic.judge()
}

// askRedis sends a command to Redis as an administrator.
func (h *host) askRedis(command ...any) error {
	client, err := redis.Open("redis://127.0.0.1:" + h.ports.redis)
	if err != nil {
		return err
	}
	defer client.Close()
	return client.Do(h.tb.Context(), command...).Err()
}
