package admin

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// validation is what is known of a file in the end.
type validation struct {
	File     string            `json:"file"`
	Version  string            `json:"version,omitempty"`
	Routes   int               `json:"routes"`
	Valid    bool              `json:"valid"`
	Errors   int               `json:"errors"`
	Warnings int               `json:"warnings"`
	Problems yamlfile.Problems `json:"problems"`
	Refused  string            `json:"refused,omitempty"` // why, where it is not by problems of the file's lines
	Envoy    string            `json:"envoy,omitempty"`   // what the Envoy here says
	Clients  *clients          `json:"clients,omitempty"` // those in Redis, where that was asked
}

func validateFlags(c *call, flags *flag.FlagSet) {
	flags.StringVar(&c.redis, "redis", "", "`URL` of the Redis whose clients are counted that the file has no profile or directory for (default: none is asked)")
	flags.StringVar(&c.envoy, "envoy", "", "`PROGRAM` that is asked too; none to ask none (default envoy, where it is on PATH)")
}

// validate reads a file as the gate would, makes Envoy's configuration of it, and asks an Envoy about that.
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
	return refused
}

// ask makes Envoy's configuration, dynamic and static, and lets an Envoy look at the static one.
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

// count is a number of things.
func count(number int, thing string) string {
	if number == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", number, thing)
}
