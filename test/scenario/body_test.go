package scenario

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

const bodyLimit = 64 << 10

// requestOf is a good registration request that is at least so long, and hardly longer.
func requestOf(t *testing.T, p *tpp, length int) string {
	t.Helper()
	request := p.Request()
	for filler := 3 * (length - len(request.Compact())) / 4; ; filler++ {
		request.Claims["filler"] = strings.Repeat("x", max(0, filler-16))
		if compact := request.Compact(); len(compact) >= length {
			if len(compact) > length+4 {
				t.Fatalf("the request has %d bytes, want %d", len(compact), length)
			}
			return compact
		}
	}
}

// A body over the limit gets 413 with our JSON, on both protocols and with or without its length; nothing of it is
// stored, and nobody but Envoy sees it. Over HTTP/2 Envoy alone would ask the gate about its beginning and pass on all
// of it.
func largeBodies(t *testing.T, c *client) {
	p := enrol(t, c.World, harness.Order{})
	token := c.token(t)
	tooLarge := want{http.StatusRequestEntityTooLarge, "request_too_large", ""}
	bodies := map[string]string{
		"a good request of 65537 bytes":   requestOf(t, p, bodyLimit+1),
		"a good request of 70000 bytes":   requestOf(t, p, 70_000),
		"a good request, and a byte more": requestOf(t, p, bodyLimit-4) + strings.Repeat("x", 5+4),
		"65537 bytes":                     strings.Repeat("A", bodyLimit+1),
		"300000 bytes":                    strings.Repeat("A", 300_000),
	}
	before := keys(t, c.World)
	for _, protocol := range []harness.Protocol{harness.HTTP1, harness.HTTP2} {
		for _, chunked := range []bool{false, true} {
			for name, body := range bodies {
				t.Run(fmt.Sprintf("%s, chunked %t, %s", protocol, chunked, name), func(t *testing.T) {
					sent := call{method: "POST", url: p.registration, contentType: "application/jose", body: body, protocol: protocol, chunked: chunked}
					tooLarge.check(t, p.do(t, sent))
					sent.method, sent.url, sent.header, sent.certificate = "PUT", c.url, bearer(token), &c.Transport
					tooLarge.check(t, p.do(t, sent))
				})
			}
			t.Run(fmt.Sprintf("%s, chunked %t, a form of 16 KiB and a byte", protocol, chunked), func(t *testing.T) {
				sent := call{method: "POST", url: c.World.File.Token, contentType: formType, body: padded(c.form(nil).Encode(), 16<<10+1), protocol: protocol, chunked: chunked}
				tooLarge.check(t, c.do(t, sent))
			})
		}
	}
	if after := keys(t, c.World); after != before {
		t.Errorf("Redis holds %d keys, before the large bodies %d", after, before)
	}
	if answer := c.read(t, token); answer.Status != http.StatusOK || answer.JSON(t)["filler"] != nil {
		t.Errorf("the client: %s", answer)
	}
	t.Run("as large as may be", func(t *testing.T) {
		answer := p.do(t, call{method: "POST", url: p.registration, contentType: "application/jose", body: requestOf(t, p, bodyLimit-4)})
		if answer.Status != http.StatusCreated {
			t.Errorf("got %s, want 201", answer)
		}
	})
	if after := keys(t, c.World); after == before {
		t.Error("a registration has changed nothing in Redis: the count says nothing")
	}
}

// keys is how many keys Redis holds.
func keys(t *testing.T, w *harness.World) int64 {
	t.Helper()
	reply, err := w.AskRedis(t.Context(), "DBSIZE")
	size, ok := reply.(int64)
	if err != nil || !ok {
		t.Fatalf("DBSIZE: %v %v", reply, err)
	}
	return size
}
