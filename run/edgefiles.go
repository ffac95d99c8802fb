package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/control"
	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

// The files that EdgeFiles writes.
const (
	edgeProgram   = "dcr-gateway"
	edgeBootstrap = "envoy.yaml"
)

// EdgeFiles is the command that makes an Envoy image into an edge: a pod's init container runs it, and the unmodified image
// of Envoy needs nothing else.
func EdgeFiles() cli.Command {
	return cli.Command{
		Name: "edge-files", Operands: "DIR", Summary: "Write what an unmodified Envoy image needs: this program, and Envoy's bootstrap",
		Details: `DIR/dcr-gateway is a copy of this program, DIR/envoy.yaml is what routes render prints. Each is replaced as a whole. In a pod
an init container runs this, into a volume that it shares with Envoy's container. If routes.yaml is refused, nothing is
written, unless --state holds the last good version, on which the gate starts too.`,
		Example: `dcr-gateway edge-files /edge --routes /etc/dcr-gateway/routes.yaml --xds unix:/run/dcr-gateway/xds.sock \
    --admin unix:/run/dcr-gateway/envoy-admin.sock
/edge/dcr-gateway edge --routes /etc/dcr-gateway/routes.yaml --admin unix:/run/dcr-gateway/envoy-admin.sock -- envoy -c /edge/envoy.yaml`,
		Setup: func(flags *flag.FlagSet) cli.Run {
			options := envoy.Options{XDS: "unix:run/xds.sock", Admin: "unix:run/envoy-admin.sock"}
			file := flags.String("routes", "routes.yaml", "the routes `FILE`")
			state := flags.String("state", "", "`DIR` of the gate beside this Envoy, with the last versions of the routes")
			flags.Var(&options.XDS, "xds", "`ADDRESS` where the gate serves Envoy's configuration, unix:PATH")
			flags.Var(&options.Admin, "admin", "`ADDRESS` of Envoy's admin interface, unix:PATH")
			return func(_ context.Context, call cli.Call) error {
				version, err := startVersion(*file, *state, call.Stderr)
				if err != nil {
					return err
				}
				return writeEdgeFiles(call.Operands[0], version, options)
			}
		},
	}
}

// startVersion returns the version that a gate starts on.
func startVersion(file, state string, stderr io.Writer) (*config.Version, error) {
	if state == "" {
		return config.Read(file)
	}
	version, refused, err := control.StartsOn(file, state)
	if err == nil && refused != nil {
		fmt.Fprintf(stderr, "%s is not used, but the last good version %s: %v\n", file, config.Short(version.ID()), refused)
	}
	return version, err
}

func writeEdgeFiles(dir string, version *config.Version, options envoy.Options) error {
	made, err := envoy.Bootstrap(version.File, options)
	if err != nil {
		return err
	}
	text, err := envoy.YAML(made)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // Envoy runs as another user
		return err
	}
	if err := copyProgram(filepath.Join(dir, edgeProgram)); err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, edgeBootstrap), 0o644, func(file io.Writer) error {
		_, err := file.Write(text)
		return err
	})
}

// copyProgram copies the program that runs.
func copyProgram(to string) error {
	name, err := os.Executable()
	if err != nil {
		return err
	}
	program, err := os.Open(name)
	if err != nil {
		return err
	}
	defer program.Close() // read only: nothing can be lost
	return replaceFile(to, 0o755, func(file io.Writer) error {
		_, err := io.Copy(file, program)
		return err
	})
}

// replaceFile writes a file under a temporary name and renames it: a reader finds the old file or the new one, whole.
func replaceFile(path string, mode os.FileMode, write func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".partial-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if err := errors.Join(write(file), file.Chmod(mode), file.Close()); err != nil { // the umask does not count
		return err
	}
	return os.Rename(file.Name(), path)
}
