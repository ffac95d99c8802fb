package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/redisserver"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

// asProgram makes this test's binary the program itself.
const asProgram = "DCR_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// TestCommandsThatCannotWork: every command line that cannot work says why in one line, and exits with 1 or 2. A process
// with a log says it there too.
func TestCommandsThatCannotWork(t *testing.T) {
	server := redisserver.Shared(t)
	dir := t.TempDir()
	write := func(name, text string) { sample.Write(t, filepath.Join(dir, name), text) }
	write("broken.yaml", "issuer: [\n")
	write("text", "not a certificate, not a request, not JSON\n")
	write("empty", "")
	routesDir := sample.Folder(t)
	routesFile := filepath.Join(routesDir, "routes.yaml")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	if out, err := runProgram(t, dir, nil, "init", "--redis", server.URL); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	sockets := func(more ...string) []string {
		return append(more, "--redis", server.URL, "--admin", "unix:a.sock")
	}
	gate := func(more ...string) []string {
		return sockets(append([]string{"gate", "--listen", "unix:g.sock", "--xds", "unix:x.sock", "--state", "state"}, more...)...)
	}
	for _, test := range []struct {
		name      string
		arguments []string
		code      int
		want      string // in the line
	}{
		{"gate in an empty folder", []string{"gate"}, 2, "name the Redis to use: --redis URL, or $DCR_REDIS_URL"},
		{"gate, an invalid scheme", []string{"gate", "--redis", "foo://x"}, 2, "redis url: the scheme is not redis"},
		{"gate, no routes", gate("--routes", "none.yaml"), 1, "none.yaml: no such file"},
		{"gate, broken routes", gate("--routes", "broken.yaml"), 1, "broken.yaml:"},
		{"gate, health port taken", gate("--routes", routesFile, "--health", taken.Addr().String()), 1, "address already in use"},
		{"gate, a socket nowhere", gate("--routes", routesFile, "--listen", "unix:nowhere/g.sock"), 1, "nowhere/g.sock"},
		{"gate, state in a file", gate("--routes", routesFile, "--state", "text/state"), 1, "text"},
		{"gate, a log nowhere", gate("--routes", routesFile, "--log", "nowhere/gate.log"), 1, "nowhere/gate.log"},
		{"gate, stray argument", gate("stray"), 2, `unexpected argument "stray"`},
		{"gate, an invalid level", gate("--log-level", "loud"), 2, "--log-level"},
		{"gate, an invalid listener", gate("--listen-on", "mtls=here"), 2, "must be NAME=IP:PORT"},
		{"gate on TCP", gate("--listen", "127.0.0.1:9000"), 2, "must be unix:PATH"},
		{"registry, no Redis", []string{"registry"}, 2, "name the Redis to use"},
		{"registry, port taken", sockets("registry", "--listen", "unix:r.sock", "--health", taken.Addr().String()), 1, "address already in use"},
		{"registry, a socket nowhere", sockets("registry", "--listen", "unix:nowhere/r.sock"), 1, "nowhere/r.sock"},
		{"registry on TCP without TLS", sockets("registry", "--listen", "127.0.0.1:9000"), 2, "needs --tls-cert"},
		{"registry, no certificate", sockets("registry", "--listen", "127.0.0.1:9000", "--tls-cert", "no.pem", "--tls-key", "no.key", "--tls-client-ca", "ca"), 1, "no.pem"},
		{"init, no Redis", []string{"init"}, 2, "name the Redis to use"},
		{"init, unreachable", []string{"init", "--redis", "redis://127.0.0.1:1"}, 1, "connection refused"},
		{"edge, no Envoy", []string{"edge"}, 2, "ENVOY... is missing"},
		{"edge, no such Envoy", []string{"edge", "--", "nowhere/envoy", "-c", "x"}, 1, "nowhere/envoy"},
		{"keys, no verb", []string{"keys"}, 2, "a command is missing"},
		{"keys, unknown verb", []string{"keys", "rotat"}, 2, "did you mean rotate?"},
		{"keys rotate, nothing to rotate", []string{"keys", "rotate", "--redis", server.URL}, 2, "Redis holds no keys"},
		{"routes, unknown verb", []string{"routes", "frob"}, 2, `unknown command "frob"`},
		{"routes validate, no file", []string{"routes", "validate", "none.yaml"}, 2, "no such file"},
		{"routes validate, an invalid Envoy", []string{"routes", "validate", routesFile, "--envoy", "nowhere/envoy"}, 1, "nowhere/envoy"},
		{"routes status, no gate", []string{"routes", "status", "--gate", "unix:no.sock"}, 1, "cannot be reached: no such file"},
		{"routes diff, one file", []string{"routes", "diff", routesFile}, 2, "is missing"},
		{"routes rollback, no number", []string{"routes", "rollback", "x"}, 2, "number"},
		{"routes render, both", []string{"routes", "render", "--static", "--defaults", routesFile}, 2, "exclude each other"},
		{"routes schema, of nothing", []string{"routes", "schema", "--of", "x"}, 2, "must be routes, directory or profile"},
		{"explain, nothing", []string{"explain"}, 2, "ID is missing"},
		{"lint, nothing", []string{"lint"}, 2, "is missing"},
		{"lint, no file", []string{"lint", "none.jwt"}, 2, "no such file"},
		{"lint, an empty file", []string{"lint", "empty"}, 1, "request.jws.compact"},
		{"ssa, no file", []string{"ssa", "show", "none"}, 2, "no such file"},
		{"dn, no certificate", []string{"dn", "show", "text"}, 2, "not one PEM block"},
		{"tpp, no verb", []string{"tpp"}, 2, "a command is missing"},
		{"tpp, no world", []string{"tpp", "register"}, 2, "or --world DIR"},
		{"tpp, no client", []string{"tpp", "token", "--client", "none.json"}, 2, "none.json"},
		{"tpp, a flag of another verb", []string{"tpp", "token", "--out", "x"}, 2, "unknown flag --out"},
		{"sandbox, an invalid profile", []string{"sandbox", "--data", "w", "--profile", "x"}, 2, "--profile is one of"},
		{"sandbox, an invalid port", []string{"sandbox", "--data", "w", "--port", "99999"}, 2, "--port"},
		{"sandbox, nothing to restart", []string{"sandbox", "--data", "w", "--restart"}, 1, "there is no sandbox in"},
		{"conform, no bank", []string{"conform"}, 2, "missing: --cert"},
		{"an unknown command", []string{"gat"}, 2, "did you mean gate?"},
		{"no command", nil, 2, "a command is missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(t.TempDir(), "w")
			if err := os.CopyFS(folder, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			out, err := runProgram(t, folder, nil, test.arguments...)
			exit, failed := errors.AsType[*exec.ExitError](err)
			if !failed || exit.ExitCode() != test.code {
				t.Errorf("%v: %v, want exit code %d: %s", test.arguments, err, test.code, out)
			}
			lines := forPeople(out)
			if !slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, test.want) }) {
				t.Errorf("%v prints %q, want a line with %q", test.arguments, out, test.want)
			}
			if isPart := test.arguments != nil && (test.arguments[0] == "gate" || test.arguments[0] == "registry"); isPart && test.code == 1 && !strings.Contains(test.name, "a log nowhere") {
				log := filepath.Join(folder, "part.log")
				_, _ = runProgram(t, folder, nil, append(test.arguments, "--log", log)...)
				text, _ := os.ReadFile(log)
				if test.name == "gate, broken routes" && !strings.Contains(string(text), "there is no version to use instead") {
					t.Errorf("the log says %s, not that there is no other version", text)
				}
				if !strings.Contains(string(text), `"msg":"the process ends","part":"`+test.arguments[0]+`"`) || !strings.Contains(string(text), strings.TrimSpace(test.want)) {
					t.Errorf("the log says %s, want %q", text, test.want)
				}
			}
		})
	}
}

// forPeople returns the lines that are not the log's.
func forPeople(out string) (lines []string) {
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "{") {
			lines = append(lines, line)
		}
	}
	return lines
}

// runProgram runs the program in a folder, and returns what it prints.
func runProgram(t *testing.T, folder string, more []string, arguments ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, os.Args[0], arguments...)
	command.Dir = folder
	command.Env = append(os.Environ(), append(more, asProgram+"=1", "DCR_REDIS_URL=")...)
	out, err := command.CombinedOutput()
	return string(out), err
}

// TestWaitingForRedis: a part that waits says so before it gives up or is ended.
func TestWaitingForRedis(t *testing.T) {
	for _, part := range [][]string{{"registry", "--log", "part.log"}, {"registry"}, {"gate", "--log", "part.log"}} {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		command := exec.CommandContext(ctx, os.Args[0], append(part, "--redis", "redis://:hidden@127.0.0.1:1")...)
		command.Dir, command.Env = dir, append(os.Environ(), asProgram+"=1")
		stderr := filepath.Join(dir, "stderr")
		file, err := os.Create(stderr)
		if err != nil {
			t.Fatal(err)
		}
		command.Stderr = file
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
			said, _ := os.ReadFile(stderr)
			log, _ := os.ReadFile(filepath.Join(dir, "part.log"))
			if strings.Contains(string(said), "aiting for ") && strings.Contains(string(said)+string(log), `"msg":"waiting for redis"`) {
				if !strings.Contains(string(said), "127.0.0.1:1") || strings.Contains(string(said), "hidden") {
					t.Errorf("%v says %s", part, said)
				}
				break
			}
			if time.Since(begun) > 20*time.Second {
				t.Fatalf("%v says nothing: %s %s", part, said, log)
			}
		}
		cancel()
		_ = command.Wait()
		_ = file.Close()
	}
}
