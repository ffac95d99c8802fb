//go:build image

// Package image builds the image as it ships, and looks at all that is in it. It needs buildah, podman or docker, so it runs
// with `make test-image` alone.
package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// archive is an OCI image archive: what its index names, by the digest or the name of a file.
type archive struct {
	index string // digest of the index of all platforms
	blobs map[string][]byte
}

// descriptor points to another part of the archive.
type descriptor struct {
	Digest      string
	Platform    struct{ Architecture, OS string }
	Annotations map[string]string
}

// picture is the image of one platform.
type picture struct {
	config config
	files  map[string]entry // by absolute path
}

// config is what a container runtime is told.
type config struct {
	Architecture, OS string
	Created          string
	Config           struct {
		User                           string
		Entrypoint, Cmd, Env           []string
		Labels                         map[string]string
		Volumes, ExposedPorts, Healthy json.RawMessage
		WorkingDir                     string
	}
}

// entry is a file or a folder of an image.
type entry struct {
	tar.Header
	text []byte
}

// open reads an archive.
func open(path string) (*archive, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	made := &archive{blobs: map[string][]byte{}}
	err = untar(file, func(e entry) {
		if digest, ok := strings.CutPrefix(e.Name, "blobs/sha256/"); ok {
			made.blobs["sha256:"+digest] = e.text
		} else {
			made.blobs[e.Name] = e.text
		}
	})
	if err != nil {
		return nil, err
	}
	var root struct{ Manifests []descriptor }
	if err := json.Unmarshal(made.blobs["index.json"], &root); err != nil || len(root.Manifests) != 1 {
		return nil, fmt.Errorf("index.json names %d images, want one: %w", len(root.Manifests), err)
	}
	made.index = root.Manifests[0].Digest
	return made, nil
}

// pictures returns the image of each platform, by its architecture.
func (a *archive) pictures() (map[string]picture, error) {
	var index struct{ Manifests []descriptor }
	if err := json.Unmarshal(a.blobs[a.index], &index); err != nil {
		return nil, err
	}
	all := map[string]picture{}
	for _, platform := range index.Manifests {
		var manifest struct {
			Config descriptor
			Layers []descriptor
		}
		made := picture{files: map[string]entry{}}
		err := errors.Join(json.Unmarshal(a.blobs[platform.Digest], &manifest), json.Unmarshal(a.blobs[manifest.Config.Digest], &made.config))
		for _, layer := range manifest.Layers {
			err = errors.Join(err, made.unpack(a.blobs[layer.Digest]))
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", platform.Platform.Architecture, err)
		}
		all[platform.Platform.Architecture] = made
	}
	return all, nil
}

// unpack adds the files of a layer.
func (p picture) unpack(layer []byte) error {
	plain := io.Reader(bytes.NewReader(layer))
	if unzipped, err := gzip.NewReader(bytes.NewReader(layer)); err == nil {
		plain = unzipped
	}
	return untar(plain, func(e entry) { p.files["/"+strings.Trim(e.Name, "./")] = e })
}

func untar(from io.Reader, each func(entry)) error {
	for files := tar.NewReader(from); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var text []byte
		if err == nil {
			text, err = io.ReadAll(files)
		}
		if err != nil {
			return err
		}
		each(entry{Header: *header, text: text})
	}
}
