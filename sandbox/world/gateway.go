package world

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
)

// gateway is a gate of the fleet with its Envoy and its registry. Their processes run in a folder of their own, where their
// sockets are: routes.yaml names sockets relative to it, so that one file is good for all of them.
type gateway struct{ number, mtls, public int }

// gateways are the fleet's. The ports of the first come before those that all share, those of the others after.
func (o Options) gateways() []gateway {
	first, next := o.Port, o.Port+5
	if o.Port == 0 {
		first, next = 8443, 8447
	}
	fleet := []gateway{{1, first, first + 1}}
	for number := 2; number <= o.Fleet; number++ {
		fleet = append(fleet, gateway{number, next, next + 1})
		next += 2
	}
	return fleet
}

// part is the name of one of its parts in world.json.
func (g gateway) part(name string) string {
	if g.number == 1 {
		return name
	}
	return fmt.Sprintf("%s-%d", name, g.number)
}

// folder is where its processes run, relative to the world's.
func (g gateway) folder() string {
	if g.number == 1 {
		return "."
	}
	return fmt.Sprintf("fleet-%d", g.number)
}

// routes is the name of its routes.yaml. That of another gateway than the first is a link to the first one's: to give
// a file to one gate alone, put it in the place of the link.
func (g gateway) routes() string {
	if g.number == 1 {
		return routesFile
	}
	return fmt.Sprintf("routes-%d.yaml", g.number)
}

// shared is the name of a file of the world as its processes see it.
func (g gateway) shared(name string) string {
	if g.number == 1 {
		return name
	}
	return filepath.Join("..", name)
}

// socket is the address of one of its sockets as seen from the world's folder.
func (g gateway) socket(address string) string {
	return "unix:" + filepath.Join(g.folder(), strings.TrimPrefix(address, "unix:"))
}

// describe is what world.json says of one gateway.
func (g gateway) describe(profile string, apis []worldfile.API) worldfile.Gateway {
	mtls, public := httpsURL(g.mtls), httpsURL(g.public)
	log := func(part string) string { return filepath.Join(logsFolder, g.part(part)+".jsonl") }
	made := worldfile.Gateway{
		Discovery: public + "/.well-known/openid-configuration", JWKS: public + "/oauth2/jwks",
		Token: mtls + "/oauth2/token", Revocation: mtls + "/oauth2/revoke", Introspection: mtls + "/oauth2/introspect",
		APIs: apis, Routes: g.routes(), Registrations: map[string]string{},
		Internal: worldfile.Internal{
			Gate: g.socket(gateSocket), Registry: g.socket(registrySocket), Admin: g.socket(adminSocket),
			GateAdmin: g.socket(gateAdminSocket), RegistryAdmin: g.socket(registryAdminSocket), Config: g.socket(configSocket),
		},
		Logs: worldfile.Logs{Gate: log(gatePart), Registry: log(registryPart), Envoy: log(envoyPart)},
	}
	for _, p := range profiles {
		made.Registrations[p.Name] = mtls + p.Path
	}
	made.Registration = made.Registrations[profile]
	return made
}

// processes says how each of its parts is started.
func (g gateway) processes(o Options, at worldfile.Gateway, redis, envoy string) map[string]worldfile.Process {
	run := func(args ...string) worldfile.Process {
		p := command(o.Executable, args...)
		p.Dir = g.folder()
		return p
	}
	concurrency := "2"
	if o.Fleet > 1 { // for machines with few cores
		concurrency = "1"
	}
	gate := []string{"gate", "--routes", g.shared(at.Routes), "--listen", gateSocket, "--xds", configSocket, "--admin", gateAdminSocket,
		"--state", "run/gate-state", "--access-log", g.shared(at.Logs.Envoy), "--redis", redis, "--log", g.shared(at.Logs.Gate)}
	if g.number > 1 { // the first one's addresses are in routes.yaml
		gate = append(gate, "--listen-on", "mtls="+loopback(g.mtls), "--listen-on", "public="+loopback(g.public))
	}
	registry := []string{"registry", "--listen", registrySocket, "--admin", registryAdminSocket,
		"--secrets", filepath.Dir(g.shared(routesFile)), "--redis", redis, "--log", g.shared(at.Logs.Registry)}
	if o.OTLP != "" {
		gate, registry = append(gate, "--otlp", o.OTLP), append(registry, "--otlp", o.OTLP)
	}
	return map[string]worldfile.Process{
		g.part(registryPart): run(registry...),
		g.part(gatePart):     run(gate...),
		g.part(envoyPart): run("edge", "--routes", g.shared(at.Routes), "--admin", adminSocket, "--drain", "4s", "--",
			envoy, "-c", g.shared(envoyFile), "--concurrency", concurrency, "--log-level", "warning"),
	}
}
