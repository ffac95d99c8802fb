// Package edge attacks the edge of a running world: with paths, hosts and headers that look like others, with more
// requests than a plan allows, with clients that take their time, and with ten thousand that do nothing at all.
package edge

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

var world *harness.World

// TestMain has one world for all tests, which follow each other: each leaves it with the routes it came with.
func TestMain(m *testing.M) {
	os.Exit(harness.MainLean(m, func(_ string, w *harness.World) { world = w }))
}

// change saves routes.yaml with changes, and waits until it is active. When the test ends, the file is as before.
func change(t *testing.T, change func(text string) string) {
	t.Helper()
	text, err := world.Routes()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { save(t, text) })
	changed := change(text)
	if changed == text {
		t.Fatal("routes.yaml is as it was")
	}
	save(t, changed)
}

func save(t *testing.T, text string) {
	t.Helper()
	if err := world.Install(context.Background(), text); err != nil {
		t.Error(err)
	}
}

// few is a number of headers that changeEdge allows, and that nobody else asks for.
const few = 40

// changeEdge saves routes.yaml with limits of its own, and waits until each of Envoy's threads has them for new
// connections.
func changeEdge(t *testing.T, limits string, client *harness.Registered) {
	t.Helper()
	change(t, func(text string) string {
		return strings.Replace(text, "plans:\n", fmt.Sprintf("edge: {max_headers: %d, drain_time: 1s, %s}\nplans:\n", few, limits), 1)
	})
	probe := message{method: http.MethodGet, target: "/", host: address(), headers: slices.Repeat([]string{"x: y"}, few)}
	begun := time.Now()
	for inARow := 0; inARow < 40; inARow++ {
		fresh := &line{address: address(), config: world.TLS(&client.Transport)}
		answer, err := fresh.send(t, probe)
		fresh.hangUp()
		if err != nil || time.Since(begun) > 30*time.Second {
			t.Fatalf("the new limits are not there: %s, %v", answer, err)
		}
		if answer.Status != http.StatusRequestHeaderFieldsTooLarge {
			inARow = 0
		}
	}
}

// register makes a client with a token for all that the bank has.
func register(t *testing.T) *harness.Registered {
	t.Helper()
	client := world.Stranger(t, harness.Order{})
	request := client.Request()
	request.Claims["scope"] = "openid accounts payments fundsconfirmations"
	client.Join(t, request)
	return client
}
