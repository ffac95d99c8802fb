package admin

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
	"github.com/dcr-gateway/dcr-gateway/sandbox/envoybin"
)

// paths are what clients send, honest ones and others.
var paths = []string{
	"/a/b", "/a/", "/a/./b", "/a/../b", "/../x", "/a/%2e%2e/b", "/a/.%2E/b", "/a//b", "/a//../b", "//a", "/a/.", "/a/..", "/a/b/..", "/.", "/..",
	"/%41", "/%7e", "/a%2d", "/a%2eb", "/a%2fb", "/a%5Cb", `/a\b`, `/a/\../b`, "/a/%2E%2Fb", "/a%252eb", "/a%252fb",
	"/a;x/../b", "/a/..;x/b", "/a/.;x/b", "/a/%2e;x/b", "/a/.%2e;x/b", "/a/%2e%2e;/b", "/..;/x", "/a/b/..;", "/a/.;", "/a/...", "/a/.b", "/a/..b",
	"/a#b", "/a?b#c", "/a b", "/a%20b", "/a%00b", "/a%0ab", "/a%7fb", "/a%", "/a%2", "/a%zz", "/é", "/%C3%A9", "/%c3", "/a\tb", "/a\x7fb",
	`/a"b`, "/a<b>", "/a{b}", "/a|b", "/a^b", "/a`b", "/a'b", "/a!b", "/a$&()*+,=:@b", "/a[b]", "/a~_b", "/a?x=../y", "/a?x=%2f", "/a?", "/A/b",
	"a/b", "*", "/a%3bb", "/a%23b",
}

// TestNormalise asks a real Envoy.
func TestNormalise(t *testing.T) {
	address := echo(t)
	for _, sent := range paths {
		t.Run(sent, func(t *testing.T) {
			path, refused := normalise(sent)
			want, err := ask(t.Context(), address, sent)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(want, ";") || want == "" {
				if refused == "" || path != "" {
					t.Errorf("it is refused, not %q", path)
				}
				return
			}
			if want, _, _ = strings.Cut(want, "?"); path != want || refused != "" {
				t.Errorf("have %q, %s: Envoy makes it %q", path, refused, want)
			}
		})
	}
}

func TestNormaliseSaysWhyNot(t *testing.T) {
	for _, test := range []struct{ sent, want string }{
		{"/a/b", ""},
		{"/a;b", "400: the gate refuses a path with a ;"},
		{"/a%2Fb", "400: Envoy refuses an escaped slash, backslash or NUL: servers differ in how they read it"},
		{"/a#b", "400: Envoy refuses a #"},
		{"/é", "400: a path must consist of printable ASCII characters; everything else must be escaped"},
		{"a", "400: a path must begin with /"},
	} {
		if _, refused := normalise(test.sent); refused != test.want {
			t.Errorf("%s: have %q, want %q", test.sent, refused, test.want)
		}
	}
}

// ask sends a request line as it is and returns the path that Envoy had in the end; "" where it refused.
func ask(ctx context.Context, address, path string) (string, error) {
	connection, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", address)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(connection, "GET %s HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n", path); err != nil {
		return "", err
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	return response.Header.Get("X-Path"), nil
}

// echo starts an Envoy that says which path it made of a request's, and returns its socket.
func echo(t *testing.T) string {
	t.Helper()
	binary, err := envoybin.Path(nil)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "echo") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket, config := filepath.Join(dir, "s"), filepath.Join(dir, "envoy.yaml")
	if err := os.WriteFile(config, []byte(strings.ReplaceAll(echoConfig, "SOCKET", socket)), 0o600); err != nil {
		t.Fatal(err)
	}
	running, err := process.Start(process.Command{Argv: []string{
		binary, "-c", config, "--disable-hot-restart", "--log-level", "critical", "--concurrency", "1",
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { running.End(time.Second) })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := process.Await(ctx, func(ctx context.Context) error { _, err := ask(ctx, socket, "/"); return err }, running); err != nil {
		t.Fatal(err)
	}
	return socket
}

// The settings of a path are those of package envoy's connection manager.
const echoConfig = `
static_resources:
  listeners:
  - name: echo
    address: {pipe: {path: SOCKET}}
    filter_chains:
    - filters:
      - name: manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: echo
          normalize_path: true
          merge_slashes: true
          path_with_escaped_slashes_action: REJECT_REQUEST
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - match: {prefix: "/"}
                direct_response: {status: 200}
                response_headers_to_add: [{header: {key: x-path, value: "%REQ(:path)%"}}]
          http_filters:
          - {name: router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
`
