package admin

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// validation is the result for a file.
type validation struct {
	File     string            `json:"file"`
	Version  string            `json:"version,omitempty"`
	Routes   int               `json:"routes"`
	Valid    bool              `json:"valid"`
	Errors   int               `json:"errors"`
	Warnings int               `json:"warnings"`
	Problems yamlfile.Problems `json:"problems"`
	Refused  string            `json:"refused,omitempty"` // why, if it is not for the problems listed
	Envoy    string            `json:"envoy,omitempty"`   // what Envoy said
	Clients  *clients          `json:"clients,omitempty"` // clients in Redis, with --redis
}

func validateFlags(c *call, flags *flag.FlagSet) {
	flags.StringVar(&c.redis, "redis", "", "`URL` of the Redis whose clients to check: counts those whose profile or directory the file lacks (default: none is checked)")
	flags.StringVar(&c.envoy, "envoy", "", "Envoy `PROGRAM` to validate with too; none to skip this (default envoy, if it is on PATH)")
}

// validate reads a file as the gate does, renders Envoy's configuration from it, and has an Envoy validate that.
func validate(ctx context.Context, c *call) error {
	v := &validation{File: c.Operands[0], Problems: yamlfile.Problems{}}
	version, err := config.Read(v.File)
	if err == nil {
		v.Version, v.Routes, v.Problems = version.ID(), len(version.File.Routes), append(v.Problems, version.Warnings...)
		err = v.ask(ctx, c, version)
	}
	if err == nil && c.redis != "" {
		v.Clients, err = countClients(ctx, c.redis, version)
	}
	var problems yamlfile.Problems
	if errors.As(err, &problems) {
		v.Problems = problems
	} else if err != nil {
		v.Refused = err.Error()
	}
	for _, problem := range v.Problems {
		if problem.Severity == yamlfile.Error {
			v.Errors++
		} else {
			v.Warnings++
		}
	}
	v.Valid = err == nil
	if err := c.print(v); err != nil || v.Valid {
		return err
	}
	return cli.Exit{Code: codeOf(err)}
}

// ask renders Envoy's configuration, dynamic and static, and has an Envoy validate the static one.
func (v *validation) ask(ctx context.Context, c *call, version *config.Version) error {
	options := defaultOptions()
	if _, err := envoy.Translate(version.File, options); err != nil {
		return fmt.Errorf("envoy's resources: %w", err)
	}
	bootstrap, err := envoy.Render(version.File, options, version.ClientCAs)
	if err != nil {
		return fmt.Errorf("envoy's configuration: %w", err)
	}
	text, err := envoy.JSON(bootstrap)
	if err != nil {
		return err
	}
	v.Envoy, err = askEnvoy(ctx, c.envoy, text)
	return err
}

func (v *validation) text() string {
	text := problemText(v.Problems)
	if v.Refused != "" {
		return text + fmt.Sprintf("%s is refused: %s\n", v.File, v.Refused)
	}
	if !v.Valid {
		return text + fmt.Sprintf("%s is refused: %s, %s\n", v.File, count(v.Errors, "error"), count(v.Warnings, "warning"))
	}
	text += fmt.Sprintf("%s: %s, version %s, no errors, %s; %s\n", v.File, count(v.Routes, "route"), config.Short(v.Version), count(v.Warnings, "warning"), v.Envoy)
	if v.Clients != nil {
		text += v.Clients.text()
	}
	return text
}

// count formats a number of things: "1 route", "2 routes".
func count(number int, thing string) string {
	if number == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", number, thing)
}
