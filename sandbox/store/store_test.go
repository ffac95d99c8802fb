package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/internal/process"
	"github.com/dcr-gateway/dcr-gateway/internal/redis"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// The store must do what the product asks of Redis: scripts, and keys that expire by themselves.
func TestStore(t *testing.T) {
	connection := start(t)
	answers := bufio.NewReader(connection)
	ask := func(words ...string) string {
		command := fmt.Sprintf("*%d\r\n", len(words))
		for _, word := range words {
			command += fmt.Sprintf("$%d\r\n%s\r\n", len(word), word)
		}
		if _, err := io.WriteString(connection, command); err != nil {
			t.Fatal(err)
		}
		line, err := answers.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return line
	}
	for _, test := range []struct {
		words []string
		want  string
	}{
		{[]string{"SET", "nonce", "1", "NX", "PX", "200"}, "+OK\r\n"},
		{[]string{"SET", "nonce", "1", "NX", "PX", "200"}, "$-1\r\n"},
		{[]string{"EVAL", "return redis.call('EXISTS',KEYS[1])", "1", "nonce"}, ":1\r\n"},
	} {
		if got := ask(test.words...); got != test.want {
			t.Errorf("%v: %q, want %q", test.words, got, test.want)
		}
	}
	for deadline := time.Now().Add(2 * time.Second); ask("EXISTS", "nonce") != ":0\r\n"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the key has not expired")
		}
	}
}

// What gates publish and registries remember is kept as a real Redis keeps it.
func TestStoreOfVersions(t *testing.T) {
	url := "redis://" + start(t).RemoteAddr().String()
	kept, err := store.Dial(url, nil)
	must(t, err)
	defer kept.Close()
	client, err := redis.Open(url)
	must(t, err)
	defer client.Close()
	_, err = kept.Begin(t.Context(), 0)
	must(t, err)
	for _, want := range []int{2, 0} {
		written, err := kept.Publish(t.Context(), store.FactsKey("kid", []byte("{}"), time.Hour), store.VersionFiles("aa", []byte("files"), 24*time.Hour))
		if err != nil || written != want {
			t.Errorf("written %d, %v, want %d", written, err, want)
		}
	}
	files, err := kept.Version(t.Context(), "aa")
	ids, listErr := kept.Versions(t.Context(), 4)
	if string(files) != "files" || len(ids) != 1 || errors.Join(err, listErr) != nil {
		t.Errorf("got %q of the versions %q, %v %v", files, ids, err, listErr)
	}
	if _, err := kept.Version(t.Context(), "bb"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a version that nobody published: %v", err)
	}
	now := time.Now()
	for _, life := range []time.Duration{time.Hour, time.Minute} {
		issuer := store.Issuer{Issuer: "issuer", Audience: "audience", Lifetime: time.Minute, Until: now.Add(life)}
		must(t, kept.RememberIssuer(t.Context(), issuer, now))
	}
	if issuers, err := kept.Issuers(t.Context(), now.Add(2*time.Minute)); err != nil || len(issuers) != 1 {
		t.Errorf("issuers %v, %v", issuers, err)
	}
	must(t, store.EachClient(t.Context(), client, func(c *dcrpb.Client) { t.Errorf("client %v", c) }))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func start(t *testing.T) net.Conn {
	t.Helper()
	port, err := process.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Command().Run(ctx, []string{"--listen", address}, io.Discard, io.Discard) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for deadline := time.Now().Add(2 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			t.Cleanup(func() { _ = connection.Close() })
			return connection
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
