// Command protogen turns proto/*.proto into Go, without protoc: the compiler and the generator are pinned Go modules,
// so every machine writes the same bytes.
package main

import (
	"context"
	"log"
	"os"
	"path/filepath"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/cmd/protoc-gen-go/internal_gengo"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/pluginpb"
)

func main() {
	if err := generate(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

// generate compiles root/proto/*.proto and writes each .pb.go beside its source.
func generate(root string) error {
	paths, err := filepath.Glob(filepath.Join(root, "proto", "*.proto"))
	if err != nil {
		return err
	}
	request := &pluginpb.CodeGeneratorRequest{Parameter: new("paths=source_relative")}
	for _, path := range paths {
		request.FileToGenerate = append(request.FileToGenerate, "proto/"+filepath.Base(path))
	}
	compiler := protocompile.Compiler{
		Resolver:       &protocompile.SourceResolver{ImportPaths: []string{root}},
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	files, err := compiler.Compile(context.Background(), request.FileToGenerate...)
	if err != nil {
		return err
	}
	for _, file := range files {
		request.ProtoFile = append(request.ProtoFile, protodesc.ToFileDescriptorProto(file))
	}
	plugin, err := protogen.Options{}.New(request)
	if err != nil {
		return err
	}
	for _, file := range plugin.Files {
		internal_gengo.GenerateFile(plugin, file)
	}
	for _, file := range plugin.Response().File {
		if err := os.WriteFile(filepath.Join(root, file.GetName()), []byte(file.GetContent()), 0o644); err != nil {
			return err
		}
	}
	return nil
}
