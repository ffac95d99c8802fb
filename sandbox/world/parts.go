package world

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/dcr-gateway/dcr-gateway/sandbox/worldfile"
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

// drainTime is edge.drain_time of the world's routes.yaml, which leaves it at its default, in seconds: Envoy is told it
// when it starts, and by nothing else.
const drainTime = "10"

// startOrder has two steps, since the gate and the registry ask Redis and the directory at once.
func startOrder() [][]string {
	return [][]string{{redisPart, directoryPart, bankPart}, {registryPart, gatePart, envoyPart}}
}

// stopOrder lets no request in before it takes away what would answer it.
func stopOrder() []string {
	return []string{envoyPart, gatePart, registryPart, bankPart, directoryPart, redisPart}
}

// processes says how each part is started. Paths are relative to the world's folder, where all of them run.
func processes(o Options, p ports, w *worldfile.World, envoy string) map[string]worldfile.Process {
	self := func(args ...string) worldfile.Process { return command(o.Executable, args...) }
	all := map[string]worldfile.Process{
		directoryPart: self("sandbox-directory", "--data", directoryFolder, "--listen", loopback(p.directory), "--url", httpsURL(p.directory),
			"--cert", filepath.Join(directoryFolder, "server.pem"), "--key", filepath.Join(directoryFolder, "server.key")),
		bankPart: self("sandbox-bank", "--listen", loopback(p.bank)),
		registryPart: self("registry", "--routes", routesFile, "--listen", registrySocket, "--admin", registryAdminSocket,
			"--state", "run/registry-state", "--redis", w.Redis, "--log", w.Logs.Registry),
		gatePart: self("gate", "--routes", routesFile, "--listen", gateSocket, "--xds", configSocket, "--admin", gateAdminSocket,
			"--state", "run/gate-state", "--access-log", w.Logs.Envoy, "--redis", w.Redis, "--log", w.Logs.Gate),
		envoyPart: self("edge", "--admin", adminSocket, "--drain", "4s", "--",
			envoy, "-c", envoyFile, "--concurrency", "2", "--disable-hot-restart", "--log-level", "warning",
			"--drain-time-s", drainTime, "--drain-strategy", "immediate"),
	}
	if o.Redis == "" {
		all[redisPart] = redisProcess(o, p)
	}
	return all
}

// redisProcess is a redis-server that loses nothing, or, where there is none, the store of our own that loses all.
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

func storeNote(p worldfile.Process) string {
	if p.Argv[1] == "sandbox-store" {
		return "redis: there is no redis-server on PATH; using the embedded store, which forgets all when it ends"
	}
	return fmt.Sprintf("redis: %s", p.Argv[0])
}
