// Command sbom writes the software bill of materials of a built program, CycloneDX in JSON: the modules that the program says
// it was built from, each with the licence that docs/dependencies.md has for it, and the image's root certificates.
// The same program and certificates give the same bytes.
package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log"
	"os"
	"regexp"
	"runtime/debug"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

func main() {
	if len(os.Args) != 6 {
		log.Fatal("usage: sbom PROGRAM VERSION CERTIFICATES DEPENDENCIES.md FILE")
	}
	bom, err := describe(os.Args[1], os.Args[2], os.Args[3], os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	var out bytes.Buffer
	encoder := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON)
	encoder.SetPretty(true)
	if err := encoder.EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(os.Args[5], out.Bytes(), 0o644); err != nil { //nolint:gosec // public
		log.Fatal(err)
	}
}

// describe lists what is in the image: the program with its modules, and the certificates.
func describe(program, version, certificates, page string) (*cdx.BOM, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, err
	}
	licences, err := readLicences(page)
	if err != nil {
		return nil, err
	}
	own, err := file(program, "/dcr-gateway")
	if err != nil {
		return nil, err
	}
	roots, err := file(certificates, "/etc/ssl/certs/ca-certificates.crt")
	if err != nil {
		return nil, err
	}
	roots.Version, roots.Licenses = rootsVersion(certificates), licence("MPL-2.0")
	components := []cdx.Component{own, roots, library("std", strings.TrimPrefix(info.GoVersion, "go"), "BSD-3-Clause")}
	for _, module := range info.Deps {
		module = cmp.Or(module.Replace, module)
		id, known := licences[module.Path]
		if !known {
			return nil, fmt.Errorf("%s has no line in %s", module.Path, page)
		}
		part := library(module.Path, module.Version, id)
		if sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(module.Sum, "h1:")); err == nil {
			part.Properties = &[]cdx.Property{{Name: "go.sum", Value: module.Sum}, {Name: "go.sum.sha256", Value: hex.EncodeToString(sum)}}
		}
		components = append(components, part)
	}
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Component: &cdx.Component{
		BOMRef: "dcr-gateway", Type: cdx.ComponentTypeContainer, Name: "dcr-gateway", Version: version, Licenses: licence("Apache-2.0"), Properties: settings(info),
	}}
	bom.Components = &components
	return bom, nil
}

// library is a module of the program.
func library(path, version, id string) cdx.Component {
	url := "pkg:golang/" + path + "@" + version
	return cdx.Component{BOMRef: url, Type: cdx.ComponentTypeLibrary, Name: path, Version: version, PackageURL: url, Licenses: licence(id)}
}

// file is a file of the image.
func file(path, inside string) (cdx.Component, error) {
	text, err := os.ReadFile(path)
	sum := sha256.Sum256(text)
	return cdx.Component{
		BOMRef: inside, Type: cdx.ComponentTypeFile, Name: inside,
		Hashes: &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}},
	}, err
}

func licence(id string) *cdx.Licenses { return &cdx.Licenses{{License: &cdx.License{ID: id}}} }

// settings are how the program was built.
func settings(info *debug.BuildInfo) *[]cdx.Property {
	list := []cdx.Property{{Name: "go", Value: info.GoVersion}}
	for _, setting := range info.Settings {
		list = append(list, cdx.Property{Name: "go.build." + setting.Key, Value: setting.Value})
	}
	return &list
}

var (
	row          = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [^|]* \\| ([^|]+) \\|")
	rootsComment = regexp.MustCompile(`from \S+ (v\S+)\.\n`)
)

// readLicences returns the licence of each module, an SPDX id, as the page has it.
func readLicences(page string) (map[string]string, error) {
	text, err := os.ReadFile(page)
	licences := map[string]string{}
	for _, found := range row.FindAllStringSubmatch(string(text), -1) {
		licences[found[1]] = found[2]
	}
	return licences, err
}

// rootsVersion is the version of the module that cabundle has named in the file.
func rootsVersion(path string) string {
	text, _ := os.ReadFile(path) // it was read before
	if found := rootsComment.FindSubmatch(text); found != nil {
		return string(found[1])
	}
	return ""
}
