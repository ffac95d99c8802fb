package operations

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/redis"
)

// rotateRedis is the page about Redis' password and TLS. No TPP notices.
func rotateRedis(t *testing.T, h *host) {
	h.install()
	h.write("home/new/redis-ca.pem", string(h.pki.next.PEM()))
	for name, file := range map[string]string{"redis": "redis", "client": "redis-client"} {
		h.pki.issueNext(t, name).Write(t, h.path("home/new/"+file))
	}
	h.pki.issue(t, "client").Write(t, h.path("home/old-client"))
	traffic := h.traffic()
	h.checks["the old password is dead"] = func() error {
		h.write("home/old-password", "first-password\n")
		return h.refuses("WRONGPASS", "etc/dcr-gateway/redis/client", "home/old-password")
	}
	h.checks["the old CA is dead"] = func() error {
		return errors.Join(h.refuses("", "home/old-client", "etc/dcr-gateway/redis/password"), h.connects())
	}
	h.run("rotate-redis.md")
	traffic.judge()
}

// refuses reports whether Redis refuses these, with an answer of this beginning.
func (h *host) refuses(answer, client, password string) error {
	query := url.Values{"password_file": {h.path(password)}, "cert_file": {h.path(client + ".pem")}, "key_file": {h.path(client + ".key")}, "ca_file": {h.path("etc/dcr-gateway/redis/ca.pem")}}
	opened, err := redis.Open("rediss://gateway@127.0.0.1:" + h.ports.secureRedis + "/0?" + query.Encode())
	if err != nil {
		return err
	}
	defer opened.Close()
	if err := opened.Ping(h.tb.Context()).Err(); err == nil || !strings.HasPrefix(err.Error(), answer) {
		return fmt.Errorf("redis answers %w", err)
	}
	return nil
}

// connects reports whether gate and registry have connections again, and report nothing.
func (h *host) connects() error {
	client, err := redis.Open("redis://127.0.0.1:" + h.ports.redis)
	if err != nil {
		return err
	}
	defer client.Close()
	return eventually(func() error {
		list, err := client.Do(h.tb.Context(), "CLIENT", "LIST").Text()
		if err == nil && strings.Count(list, "user=gateway") < 2 {
			err = errors.New("gate and registry are not connected")
		}
		return err
	})
}
