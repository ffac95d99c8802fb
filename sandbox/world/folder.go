package world

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
)

// lockFile marks a folder as a sandbox's, and is locked while the sandbox runs.
const lockFile = "sandbox.lock"

// folderFiles are all that a sandbox makes in its folder. A new world replaces them and touches nothing else.
func folderFiles() []string {
	all := append(tppFolders(),
		worldfile.Name, routesFile, directoryFile, cdrFile, envoyFile, serverCAFile,
		tlsFolder, directoryFolder, redisFolder, logsFolder, runFolder,
	)
	for number := 2; number <= maxFleet; number++ {
		g := gateway{number: number}
		all = append(all, g.folder(), g.routes())
	}
	return all
}

// claim takes a folder for a new world: it makes it and locks it. A folder whose world is alive, or that holds files of
// someone else's under our names, is refused.
func claim(dir string) (release func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := ours(dir); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("a sandbox runs in %s already", dir), lock.Close())
	}
	if err := dead(dir); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock.Close, nil
}

func ours(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, lockFile)); err == nil {
		return nil
	}
	for _, name := range folderFiles() {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s holds %s, which no sandbox has made: choose another folder with --data", dir, name)
		}
	}
	return nil
}

// dead refuses a folder where a part outlives the sandbox that it belonged to.
func dead(dir string) error {
	old, err := worldfile.Read(dir)
	if err != nil {
		return nil // there is no older world, or none that was ever ready
	}
	for name, process := range old.Processes {
		if alive(dir, process) {
			return fmt.Errorf("the %s of an older sandbox still runs in %s (pid %d): stop it first", name, dir, process.PID)
		}
	}
	return nil
}

// prepare clears away the world that was in the folder before, and makes the folders of a new one.
func prepare(dir string, fleet []gateway) error {
	if err := os.Chmod(dir, 0o700); err != nil {
		return err
	}
	for _, name := range folderFiles() {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	for _, name := range []string{tlsFolder, redisFolder, logsFolder} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			return err
		}
	}
	for _, g := range fleet {
		if err := os.MkdirAll(filepath.Join(dir, g.folder(), runFolder), 0o700); err != nil {
			return err
		}
		if g.routes() == routesFile {
			continue
		}
		if err := os.Symlink(routesFile, filepath.Join(dir, g.routes())); err != nil {
			return err
		}
	}
	return nil
}

// locked says whether a sandbox runs in the folder.
func locked(dir string) bool {
	lock, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR, 0o600)
	if err != nil {
		return false
	}
	defer lock.Close() // which unlocks it again
	return syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil
}
