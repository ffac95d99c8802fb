package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
)

const routesUsage = `usage: dcr-gateway routes validate FILE
       dcr-gateway routes render [flags] FILE   write Envoy's static configuration to standard output`

func runRoutes(_ context.Context, arguments []string, stdout, _ io.Writer) error {
	if len(arguments) == 0 {
		return usageError(routesUsage)
	}
	switch verb, rest := arguments[0], arguments[1:]; verb {
	case "validate":
		return validateRoutes(rest, stdout)
	case "render":
		return renderRoutes(rest, stdout)
	}
	return usageError(routesUsage)
}

func validateRoutes(arguments []string, stdout io.Writer) error {
	if len(arguments) != 1 {
		return usageError(routesUsage)
	}
	file, _, err := readRoutes(arguments[0])
	if err != nil {
		return err
	}
	if _, err := gateRoutes(file); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s: %d routes, version %s\n", arguments[0], len(file.Routes), file.Version)
	return err
}

func renderRoutes(arguments []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("routes render", flag.ContinueOnError)
	var options envoy.Options
	flags.StringVar(&options.Gate, "gate", "unix:run/gate.sock", "`ADDRESS` of the gate")
	flags.StringVar(&options.Admin, "admin", "unix:run/envoy-admin.sock", "`ADDRESS` of Envoy's admin interface")
	flags.StringVar(&options.AccessLog, "access-log", "/dev/stdout", "`FILE` of Envoy's access log")
	if err := flags.Parse(arguments); err != nil {
		return usageError("")
	}
	if flags.NArg() != 1 {
		return usageError(routesUsage)
	}
	file, directories, err := readRoutes(flags.Arg(0))
	if err != nil {
		return err
	}
	for _, d := range directories {
		options.ClientCAs = append(options.ClientCAs, d.CABundle...)
	}
	bootstrap, err := envoy.Render(file, options)
	if err != nil {
		return err
	}
	text, err := envoy.YAML(bootstrap)
	if err != nil {
		return err
	}
	_, err = stdout.Write(text)
	return err
}

// readRoutes reads routes.yaml and the directories it names.
func readRoutes(path string) (*routes.File, []*directory.Directory, error) {
	file, err := routes.Read(path)
	if err != nil {
		return nil, nil, err
	}
	var directories []*directory.Directory
	for _, name := range file.Directories {
		d, err := directory.Load(file.Abs(name))
		if err != nil {
			return nil, nil, err
		}
		directories = append(directories, d)
	}
	return file, directories, nil
}
