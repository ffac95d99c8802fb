package egress

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

// folder writes a routes.yaml and a directory file with changes, and returns the path of the first.
func folder(t *testing.T, directory string, replace ...string) string {
	t.Helper()
	t.Setenv("DCR_REDIS_URL", "")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
	dir := sample.Folder(t)
	sample.Write(t, filepath.Join(dir, "routes.yaml"), sample.With(t, replace...))
	sample.Write(t, filepath.Join(dir, "directory.yaml"), sample.Directory+directory)
	return filepath.Join(dir, "routes.yaml")
}

// run runs the command, and returns its exit code and what it prints.
func run(t *testing.T, arguments ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, complaint bytes.Buffer
	code = Command().Main(t.Context(), arguments, &out, &complaint)
	return code, out.String(), complaint.String()
}

// listed are the destinations that the command lists, as "process host:port why".
func listed(t *testing.T, arguments ...string) (lines []string) {
	t.Helper()
	code, stdout, stderr := run(t, append(arguments, "--output", "json")...)
	var all []Destination
	if err := json.Unmarshal([]byte(stdout), &all); code != 0 || err != nil {
		t.Fatalf("code %d, %v: %s", code, err, stderr)
	}
	for _, d := range all {
		lines = append(lines, d.Process+" "+d.Address()+" "+d.Why)
	}
	return lines
}

func TestDestinations(t *testing.T) {
	base := []string{"envoy 127.0.0.1:8446 upstream (bank)", "gate keystore.openbanking.org.uk:443 key sets (openbanking-uk)"}
	for _, c := range []struct {
		name, directory string
		replace, flags  []string
		want            []string // besides base
		without         string   // of base
	}{
		{name: "nothing else"},
		{name: "a registry over TCP, and a bank on several servers",
			replace: []string{`{address: "unix:run/registry.sock", timeout: 5s}`, `{address: "registry.internal:8443", timeout: 5s, tls: {ca: ca.pem, server_name: registry.internal, certificate: server.pem, key: server.key}}`,
				`"127.0.0.1:8446"`, `["core-1.bank.example:8446", "[fd00::7]:8447", "127.0.0.1:8446"]`},
			want: []string{"envoy [fd00::7]:8447 upstream (bank)", "envoy core-1.bank.example:8446 upstream (bank)", "envoy registry.internal:8443 upstream (registry)"}},
		{name: "a rate limit service", replace: []string{"plans:\n", "rate_limit_service: {address: \"limits.internal:8081\"}\nplans:\n"},
			want: []string{"envoy limits.internal:8081 rate limit service"}},
		{name: "hosts of a directory", directory: "jwks: https://keys.example/ssa\nkey_hosts: [keys.example, \"tpp.example:8443\"]\n", without: "keystore",
			want: []string{"gate keys.example:443 key sets (openbanking-uk)", "gate tpp.example:8443 key sets (openbanking-uk)"}},
		{name: "any host of a directory", directory: "key_hosts: [\"*\"]\n", without: "keystore", want: []string{"gate *:443 key sets (openbanking-uk)"}},
		{name: "one Redis", flags: []string{"--redis", "rediss://user:secret@redis.bank.example"},
			want: []string{"gate redis.bank.example:6379 Redis", "registry redis.bank.example:6379 Redis"}},
		{name: "a Redis beside it", flags: []string{"--redis", "unix:///run/redis.sock"}},
		{name: "a cluster", flags: []string{"--redis", "redis+cluster://a:7000,b", "--redis-node", "c:7002"},
			want: []string{"gate a:7000 Redis", "gate b:6379 Redis", "gate c:7002 Redis", "registry a:7000 Redis", "registry b:6379 Redis", "registry c:7002 Redis"}},
		{name: "Sentinels", flags: []string{"--redis", "redis+sentinel://s/?master=m", "--redis-node", "10.0.0.1:6379"},
			want: []string{"gate 10.0.0.1:6379 Redis", "gate s:26379 Redis", "registry 10.0.0.1:6379 Redis", "registry s:26379 Redis"}},
		{name: "traces", flags: []string{"--otlp", "http://collector"},
			want: []string{"envoy collector:4317 traces", "gate collector:4317 traces", "registry collector:4317 traces"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := slices.DeleteFunc(slices.Concat(base, c.want), func(line string) bool { return c.without != "" && strings.Contains(line, c.without) })
			got := listed(t, append([]string{folder(t, c.directory, c.replace...)}, c.flags...)...)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

func TestFlagsAreRefused(t *testing.T) {
	routes := folder(t, "")
	for _, c := range []struct {
		flags []string
		code  int
		want  string
	}{
		{[]string{"--redis", "redis+sentinel://s/?master=m"}, 2, "name the primary and each replica with --redis-node"},
		{[]string{"--redis", "http://:secret@h"}, 2, "the scheme is not redis"},
		{[]string{"--redis", "redis://a", "--redis-node", "b"}, 1, "not HOST:PORT"},
		{[]string{"--redis", "redis://a", "--redis-node", "b:0"}, 1, "a port from 1 to 65535"},
		{[]string{"--otlp", "collector:4317"}, 2, "must be http://HOST:PORT"},
		{[]string{"--output", "xml"}, 2, "text, json or policy"},
		{[]string{"--check", routes + ".none"}, 2, "no such file"},
		{[]string{"--check", routes}, 2, "is not the value networkPolicy.egress"},
	} {
		code, stdout, stderr := run(t, append([]string{routes}, c.flags...)...)
		if code != c.code || !strings.Contains(stderr, c.want) || stdout != "" || strings.Contains(stderr, "secret") {
			t.Errorf("%v: code %d, %q %q, want %d and %q", c.flags, code, stdout, stderr, c.code, c.want)
		}
	}
	if code, _, stderr := run(t, folder(t, "", "upstream: bank, plan", "upstream: bnak, plan")); code != 1 || !strings.Contains(stderr, "no upstream has the name") {
		t.Errorf("a file that is refused: code %d, %s", code, stderr)
	}
	if code, _, stderr := run(t, "/no/such/routes.yaml"); code != 2 || !strings.Contains(stderr, "no such file") {
		t.Errorf("no file: code %d, %s", code, stderr)
	}
}

// TestPolicy: the rules are for the pods that need them, and the check accepts them.
func TestPolicy(t *testing.T) {
	routes := folder(t, "", `"unix:run/registry.sock", timeout: 5s`, `"registry.internal:8443", timeout: 5s, tls: {ca: ca.pem, server_name: registry.internal, certificate: server.pem, key: server.key}`)
	flags := []string{routes, "--redis", "redis://redis.internal", "--otlp", "http://10.0.0.9:4317"}
	code, policy, stderr := run(t, append(flags, "--output", "policy")...)
	if code != 0 {
		t.Fatal(stderr)
	}
	var rules map[string][]rule
	if err := yaml.Unmarshal([]byte(policy), &rules); err != nil {
		t.Fatalf("%v in\n%s", err, policy)
	}
	for pod, want := range map[string][]uint64{"gateway": {4317, 8446, 443, 6379}, "registry": {6379, 4317}} {
		var got []uint64
		for _, r := range rules[pod] {
			got = append(got, r.Ports[0].Port.(uint64))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: ports %v, want %v in\n%s", pod, got, want, policy)
		}
	}
	if strings.Contains(policy, "registry.internal") || !strings.Contains(policy, "cidr: 10.0.0.9/32") || !strings.Contains(policy, "# redis.internal:6379") {
		t.Errorf("the registry is the chart's, addresses are blocks, and names are in comments:\n%s", policy)
	}
	path := filepath.Join(t.TempDir(), "egress.yaml")
	sample.Write(t, path, policy)
	if code, stdout, stderr := run(t, append(flags, "--check", path)...); code != 0 || stdout != "" {
		t.Errorf("its own rules: code %d, %s%s", code, stdout, stderr)
	}
	if code, policy, _ := run(t, routes, "--output", "policy"); code != 0 || !strings.HasSuffix(policy, "\nregistry: []\n") {
		t.Errorf("nothing for the registry: code %d\n%s", code, policy)
	}
}

func TestCheck(t *testing.T) {
	routes := folder(t, "key_hosts: [keys.example]\njwks: https://keys.example/ssa\n", `"127.0.0.1:8446"`, `"10.1.2.3:8446"`)
	keys := "  - ports: [{port: 443, protocol: TCP}]\n"
	for _, c := range []struct {
		name, rules string
		missing     string // "" for nothing
	}{
		{"nothing", "gateway: []\nregistry: []\n", "gateway does not allow 10.1.2.3:8446, which the envoy connects to: upstream (bank)"},
		{"another pod's rules", "registry:\n" + keys + "  - ports: [{port: 8446}]\n", "10.1.2.3:8446"},
		{"the address", "gateway:\n" + keys + "  - to: [{ipBlock: {cidr: 10.1.2.3/32}}]\n    ports: [{port: 8446}]\n", ""},
		{"a network", "gateway:\n" + keys + "  - to: [{ipBlock: {cidr: 10.1.0.0/16}}]\n    ports: [{port: 8446}]\n", ""},
		{"a range of ports", "gateway:\n" + keys + "  - to: [{ipBlock: {cidr: 10.1.0.0/16}}]\n    ports: [{port: 8000, endPort: 9000}]\n", ""},
		{"every port", "gateway:\n" + keys + "  - to: [{ipBlock: {cidr: 10.1.0.0/16}}]\n", ""},
		{"pods", "gateway:\n" + keys + "  - to: [{podSelector: {matchLabels: {app: bank}}}]\n    ports: [{port: bank}]\n", ""},
		{"another address", "gateway:\n" + keys + "  - to: [{ipBlock: {cidr: 10.1.2.4/32}}]\n    ports: [{port: 8446}]\n", "10.1.2.3:8446"},
		{"a network without it", "gateway:\n" + keys + "  - to: [{ipBlock: {cidr: 10.1.0.0/16, except: [10.1.2.0/24]}}]\n    ports: [{port: 8446}]\n", "10.1.2.3:8446"},
		{"another port", "gateway:\n" + keys + "  - to: [{ipBlock: {cidr: 10.1.2.3/32}}]\n    ports: [{port: 8447}]\n", "10.1.2.3:8446"},
		{"UDP", "gateway:\n" + keys + "  - to: [{ipBlock: {cidr: 10.1.2.3/32}}]\n    ports: [{port: 8446, protocol: UDP}]\n", "10.1.2.3:8446"},
		{"no host of keys", "gateway:\n  - ports: [{port: 8446}]\n", "keys.example:443"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "egress.yaml")
			sample.Write(t, path, c.rules)
			code, stdout, stderr := run(t, routes, "--check", path)
			if c.missing == "" && (code != 0 || stdout != "") || c.missing != "" && (code != 1 || !strings.Contains(stdout, c.missing)) {
				t.Errorf("code %d, %s%s", code, stdout, stderr)
			}
		})
	}
}

// TestGuardedNetworks: what a directory's host may stand for is what the guarded client dials.
func TestGuardedNetworks(t *testing.T) {
	guarded := Destination{Host: "keys.example", Port: 443}.guarded([]netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")})
	for address, want := range map[string]bool{
		"8.8.8.8": true, "10.9.1.1": true, "10.8.1.1": false, "169.254.169.254": false, "127.0.0.1": false, "192.168.1.1": false,
		"2606:4700::1": true, "fd00::1": false, "::1": false, "2001:db8::1": false,
	} {
		ip := netip.MustParseAddr(address)
		allowed := slices.ContainsFunc(guarded.Networks, func(n Network) bool { return n.holds(netip.PrefixFrom(ip, ip.BitLen())) })
		if allowed != want {
			t.Errorf("%s: allowed %t, want %t", address, allowed, want)
		}
	}
}

func TestText(t *testing.T) {
	routes := folder(t, "")
	code, stdout, stderr := run(t, routes)
	want := "envoy     127.0.0.1:8446                                upstream (bank)\ngate      keystore.openbanking.org.uk:443               key sets (openbanking-uk)\n"
	if code != 0 || stdout != want || !strings.Contains(stderr, "Redis is not in the list") {
		t.Errorf("code %d\n%s%s", code, stdout, stderr)
	}
	if err := os.Setenv("DCR_REDIS_URL", "redis://r"); err != nil {
		t.Fatal(err)
	}
	if _, stdout, stderr := run(t, routes); !strings.Contains(stdout, "r:6379") || stderr != "" {
		t.Errorf("the variable does not count: %s%s", stdout, stderr)
	}
}
