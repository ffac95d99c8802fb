// Pack makes an image for the test cluster out of programs of this machine, without a container engine: an OCI archive
// of one layer that holds the named files and, for programs that need them, their shared libraries. The same files give
// the same bytes.
//
//	pack -out IMAGE.tar -name NAME -entrypoint /usr/bin/redis-server /usr/bin/redis-server /tmp/other=/etc/other
//
// NAME gets a digest of the content as its tag, which is printed: an image that has changed has another name.
package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// user is nobody in particular: images that run as root are refused under restricted Pod Security.
const user = "65532:65532"

func main() {
	out := flag.String("out", "", "archive to write, `FILE`")
	name := flag.String("name", "", "`NAME` of the image; with a tag it is kept as it is")
	entrypoint := flag.String("entrypoint", "", "program that the image runs, `PATH` in it")
	flag.Parse()
	image, err := pack(*name, *entrypoint, flag.Args())
	if err == nil {
		err = os.WriteFile(*out, image.archive, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
	fmt.Println(image.name)
}

// image is an OCI archive with its name and tag.
type image struct {
	name    string
	archive []byte
}

func pack(name, entrypoint string, files []string) (*image, error) {
	contents, err := collect(files)
	if err != nil {
		return nil, err
	}
	layer, err := archive(contents)
	if err != nil {
		return nil, err
	}
	blobs := map[string][]byte{}
	config, err := blob(blobs, map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"User": user, "Entrypoint": []string{entrypoint}, "Env": []string{"PATH=/usr/local/bin:/usr/bin:/bin"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{digest(layer)}},
	})
	if err != nil {
		return nil, err
	}
	blobs[digest(layer)] = layer
	config["mediaType"] = "application/vnd.oci.image.config.v1+json"
	manifest, err := blob(blobs, map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config,
		"layers": []any{map[string]any{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest(layer), "size": len(layer)}},
	})
	if err != nil {
		return nil, err
	}
	if !strings.Contains(path.Base(name), ":") {
		name += ":" + strings.TrimPrefix(manifest["digest"].(string), "sha256:")[:12]
	}
	manifest["mediaType"] = "application/vnd.oci.image.manifest.v1+json"
	manifest["annotations"] = map[string]string{"org.opencontainers.image.ref.name": name, "io.containerd.image.name": name}
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": []any{manifest}})
	if err != nil {
		return nil, err
	}
	whole := []file{{path: "oci-layout", text: []byte(`{"imageLayoutVersion":"1.0.0"}`)}, {path: "index.json", text: index}}
	for name, text := range blobs {
		whole = append(whole, file{path: "blobs/sha256/" + strings.TrimPrefix(name, "sha256:"), text: text})
	}
	made, err := archive(whole)
	return &image{name: name, archive: made}, err
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// blob adds an object to the blobs and returns what refers to it.
func blob(blobs map[string][]byte, object any) (map[string]any, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	blobs[digest(text)] = text
	return map[string]any{"digest": digest(text), "size": len(text)}, nil
}

// file is a file of an archive.
type file struct {
	path       string
	text       []byte
	executable bool
}

// collect reads the files, each PATH or SOURCE=PATH, and the libraries that they are linked with.
func collect(names []string) ([]file, error) {
	sources := map[string]string{} // by path in the image
	for _, name := range names {
		source, target, renamed := strings.Cut(name, "=")
		if !renamed {
			target = source
		}
		sources[target] = source
		libraries, err := libraries(source)
		if err != nil {
			return nil, err
		}
		for _, library := range libraries {
			sources[library] = library
		}
	}
	var files []file
	for target, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(source)
		if err != nil {
			return nil, err
		}
		files = append(files, file{path: strings.TrimPrefix(filepath.Clean(target), "/"), text: text, executable: info.Mode()&0o111 != 0})
	}
	return files, nil
}

// loaded is a library as ldd names it, by its absolute path.
var loaded = regexp.MustCompile(`(?m)(/\S+) \(0x`)

// libraries are the shared libraries of a program. ldd fails for a program that is static and for what is no program.
func libraries(program string) (all []string, err error) {
	text, err := exec.Command("ldd", program).Output()
	if err != nil {
		return nil, nil //nolint:nilerr // it has none
	}
	for _, match := range loaded.FindAllSubmatch(text, -1) {
		all = append(all, string(match[1]))
	}
	return all, nil
}

// archive writes files in the order of their paths, without owners and times, after the folders that they are in.
func archive(files []file) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	made := map[string]bool{".": true}
	for _, f := range files {
		for _, folder := range parents(f.path) {
			if !made[folder] {
				made[folder] = true
				if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: folder + "/", Mode: 0o755, Format: tar.FormatPAX}); err != nil {
					return nil, err
				}
			}
		}
		mode := int64(0o644)
		if f.executable {
			mode = 0o755
		}
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.path, Size: int64(len(f.text)), Mode: mode, Format: tar.FormatPAX}); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.text); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// parents are the folders that a path is in, the outermost first.
func parents(name string) (all []string) {
	for folder := path.Dir(name); folder != "."; folder = path.Dir(folder) {
		all = append([]string{folder}, all...)
	}
	return all
}
