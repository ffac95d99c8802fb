package world

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/worldfile"
)

// alive says whether a part of a world runs under the process id that world.json has. A process that got the same id
// later is not it: it neither runs that program nor in that folder.
func alive(dir string, process worldfile.Process) bool {
	if process.PID <= 0 || len(process.Argv) == 0 {
		return false
	}
	cwd, program, err := running(process.PID)
	if err != nil {
		return false
	}
	home, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	if home, err = filepath.Abs(home); err != nil {
		return false
	}
	// redis-server goes into its own folder below the world's, and shows itself as "redis-server 127.0.0.1:16379".
	inside := cwd == "" || cwd == home || strings.HasPrefix(cwd, home+string(os.PathSeparator))
	return inside && filepath.Base(program) == filepath.Base(process.Argv[0])
}

// end stops a process that is not our child, the hard way when it does not listen.
func end(dir string, process worldfile.Process) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if !alive(dir, process) {
			return
		}
		_ = syscall.Kill(process.PID, signal) // it may be gone
		for deadline := time.Now().Add(grace); alive(dir, process) && time.Now().Before(deadline); {
			time.Sleep(20 * time.Millisecond)
		}
	}
}
