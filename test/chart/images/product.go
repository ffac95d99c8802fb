package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// repository is where the tests look for the product's image.
const repository = "test.local/dcr-gateway"

// made makes the product's image as a release does, and returns its name.
func made(ctx context.Context, dir string) (string, error) {
	folder := filepath.Join(dir, "product")
	command := exec.CommandContext(ctx, "make", "--no-print-directory", "image", "ARCHES="+runtime.GOARCH, "IMAGE_DIR="+folder, "VERSION=1.0.0-test")
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	if err := command.Run(); err != nil {
		return "", err
	}
	archive, err := os.ReadFile(filepath.Join(folder, "dcr-gateway.oci.tar"))
	if err != nil {
		return "", err
	}
	named, name, err := rename(archive)
	if err != nil {
		return "", err
	}
	return name, os.WriteFile(filepath.Join(dir, "dcr-gateway.tar"), named, 0o600)
}

// index is the index.json of an OCI archive.
type index struct {
	SchemaVersion int `json:"schemaVersion"`
	Manifests     []struct {
		MediaType   string            `json:"mediaType"`
		Digest      string            `json:"digest"`
		Size        int64             `json:"size"`
		Annotations map[string]string `json:"annotations"`
	} `json:"manifests"`
}

// rename gives the image of an OCI archive its name in the tests, with its digest as the tag. Nothing else changes.
func rename(archive []byte) (named []byte, name string, err error) {
	var out bytes.Buffer
	from, to := tar.NewReader(bytes.NewReader(archive)), tar.NewWriter(&out)
	for {
		header, err := from.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, "", err
		}
		text, err := io.ReadAll(from)
		if err != nil {
			return nil, "", err
		}
		if header.Name == "index.json" {
			if text, name, err = renameIndex(text); err != nil {
				return nil, "", err
			}
			header.Size = int64(len(text))
		}
		if err := to.WriteHeader(header); err != nil {
			return nil, "", err
		}
		if _, err := to.Write(text); err != nil {
			return nil, "", err
		}
	}
	if name == "" {
		return nil, "", errors.New("make image: the archive has no index.json")
	}
	err = to.Close()
	return out.Bytes(), name, err
}

func renameIndex(text []byte) (renamed []byte, name string, err error) {
	var of index
	if err := json.Unmarshal(text, &of); err != nil {
		return nil, "", err
	}
	if len(of.Manifests) != 1 {
		return nil, "", errors.New("make image: the archive has not one image")
	}
	name = repository + ":" + strings.TrimPrefix(of.Manifests[0].Digest, "sha256:")[:12]
	of.Manifests[0].Annotations = map[string]string{"org.opencontainers.image.ref.name": name, "io.containerd.image.name": name}
	renamed, err = json.Marshal(of)
	return renamed, name, err
}
