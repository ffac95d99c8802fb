package admin

import (
	"context"
	"flag"
	"os"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

type renderOptions struct {
	envoy.Options
	static, defaults bool
	otlp             string
}

// defaultOptions returns the default addresses of the parts.
func defaultOptions() envoy.Options {
	return envoy.Options{Gate: "unix:run/gate.sock", XDS: "unix:run/xds.sock", Admin: "unix:run/envoy-admin.sock", AccessLog: "/dev/stdout"}
}

func renderFlags(c *call, flags *flag.FlagSet) {
	o := &c.render
	o.Options = defaultOptions()
	flags.Var(&o.Gate, "gate", "`ADDRESS` of the gate, unix:PATH")
	flags.Var(&o.XDS, "xds", "`ADDRESS` where the gate serves Envoy's configuration, unix:PATH")
	flags.Var(&o.Admin, "admin", "`ADDRESS` of Envoy's admin interface, unix:PATH")
	flags.StringVar(&o.AccessLog, "access-log", o.AccessLog, "`FILE` of Envoy's access log")
	flags.Func("listen-on", "with --static, `NAME=IP:PORT` of a listener to serve elsewhere than the file says; may be repeated", o.AddListenOn)
	flags.StringVar(&o.otlp, "otlp", "", "with --static, `URL` of the collector of traces, as the gate has it")
	flags.BoolVar(&o.static, "static", false, "write a complete configuration, for an Envoy without xDS")
	flags.BoolVar(&o.defaults, "defaults", false, "write the routes file with every default spelt out")
}

// render writes Envoy's start-up configuration: by default a bootstrap that gets everything else from the gate by xDS.
func render(_ context.Context, c *call) error {
	if c.render.static && c.render.defaults {
		return cli.Exit{Code: 2, Text: "--static and --defaults exclude each other"}
	}
	version, err := c.load(c.Operands[0])
	if err != nil {
		return err
	}
	text, err := c.rendered(version)
	if err != nil {
		return cli.Exit{Code: 1, Text: err.Error()}
	}
	_, err = c.Stdout.Write(text)
	return err
}

func (c *call) rendered(version *config.Version) ([]byte, error) {
	if c.render.defaults {
		return routes.Write(version.File)
	}
	if c.render.static {
		if err := c.render.TraceTo(c.render.otlp, os.Getenv); err != nil {
			return nil, err
		}
		made, err := envoy.Render(version.File, c.render.Options, version.ClientCAs)
		if err != nil {
			return nil, err
		}
		return envoy.YAML(made)
	}
	made, err := envoy.Bootstrap(version.File, c.render.Options)
	if err != nil {
		return nil, err
	}
	return envoy.YAML(made)
}
