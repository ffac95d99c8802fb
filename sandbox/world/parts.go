package world

import (
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
)

// The parts of a world, by their names in world.json.
const (
	envoyPart     = "envoy"
	gatePart      = "gate"
	registryPart  = "registry"
	bankPart      = "bank"
	directoryPart = "directory"
	redisPart     = "redis"
)

// fleetParts are the names of a part in every gateway that a world may have.
func fleetParts(name string) (all []string) {
	for number := range maxFleet {
		all = append(all, gateway{number: number + 1}.part(name))
	}
	return all
}

// startOrder is what to start of a world, in two steps, since the gates and the registries ask Redis and the directory at
// once.
func startOrder(all map[string]worldfile.Process) [][]string {
	steps := [][]string{{redisPart, directoryPart, bankPart}, slices.Concat(fleetParts(registryPart), fleetParts(gatePart), fleetParts(envoyPart))}
	for i := range steps {
		steps[i] = slices.DeleteFunc(steps[i], func(name string) bool { _, there := all[name]; return !there })
	}
	return steps
}

// stopOrder stops the entrance before the parts behind it. The parts of one step end at the same time.
func stopOrder() [][]string {
	return [][]string{fleetParts(envoyPart), fleetParts(gatePart), fleetParts(registryPart), {bankPart, directoryPart}, {redisPart}}
}

// processes says how each part is started. Paths are relative to the folder where it runs.
func processes(o Options, w *worldfile.World, envoy string) map[string]worldfile.Process {
	p := o.ports()
	all := map[string]worldfile.Process{
		directoryPart: command(o.Executable, "sandbox-directory", "--data", directoryFolder, "--listen", loopback(p.directory), "--url", httpsURL(p.directory),
			"--cert", filepath.Join(directoryFolder, "server.pem"), "--key", filepath.Join(directoryFolder, "server.key")),
		bankPart: command(o.Executable, "sandbox-bank", "--listen", loopback(p.bank)),
	}
	if o.Redis == "" {
		all[redisPart] = redisProcess(o, p)
	}
	for i, g := range o.gateways() {
		maps.Copy(all, g.processes(o, w.Fleet[i], w.Redis, envoy))
	}
	return all
}

// redisProcess is a redis-server that loses nothing, or, where none is installed, our own store, which keeps nothing.
func redisProcess(o Options, p ports) worldfile.Process {
	server, err := exec.LookPath("redis-server")
	if err == nil {
		server, err = filepath.Abs(server)
	}
	if err != nil {
		return command(o.Executable, "sandbox-store", "--listen", loopback(p.redis))
	}
	return command(server, "--port", strconv.Itoa(p.redis), "--bind", "127.0.0.1", "--dir", redisFolder+"/", "--daemonize", "no",
		"--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction", "--save", "")
}

func command(program string, args ...string) worldfile.Process {
	return worldfile.Process{Argv: append([]string{program}, args...), Env: map[string]string{}, Dir: "."}
}

// outputFile takes what a part writes to its standard output and error.
func outputFile(dir, name string) string {
	return filepath.Join(dir, logsFolder, name+".out")
}

// volatile says whether a store is our own, which keeps nothing.
func volatile(store worldfile.Process) bool {
	return len(store.Argv) > 1 && store.Argv[1] == "sandbox-store"
}

func storeNote(p worldfile.Process) string {
	if volatile(p) {
		return "redis: there is no redis-server on PATH; using the embedded store, which forgets all when it ends"
	}
	return fmt.Sprintf("redis: %s", p.Argv[0])
}
