package directory

import (
	"context"
	"flag"
	"fmt"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"net/http"

	"github.com/dcr-gateway/dcr-gateway/sandbox/part"
)

// Command is the directories' own process. It serves until the context ends.
func Command() cli.Command {
	return cli.Command{
		Name: "sandbox-directory", Summary: "Serve the sandbox's directories", Hidden: true,
		Setup: func(flags *flag.FlagSet) cli.Run {
			data := flags.String("data", "directory", "`DIR` of the directories' keys and records")
			listen := flags.String("listen", "127.0.0.1:8445", "`HOST:PORT` to serve HTTPS on")
			url := flags.String("url", "https://127.0.0.1:8445", "`URL` that others reach it by: part of the URLs in statements")
			certificate := flags.String("cert", "directory/server.pem", "server certificate, PEM `FILE`")
			key := flags.String("key", "directory/server.key", "its private key, PEM `FILE`")
			return func(ctx context.Context, call cli.Call) error {
				all, err := openAll(*data, *url)
				if err != nil {
					return err
				}
				_, _ = fmt.Fprintf(call.Stdout, "directory: serving %s\n", *url)
				return part.Serve(ctx, *listen, all, *certificate, *key)
			}
		},
	}
}

// openAll serves the directories of all dialects, side by side.
func openAll(dir, url string) (http.Handler, error) {
	mux := http.NewServeMux()
	for _, dialect := range Dialects() {
		d, err := dialect.Open(dir, url)
		if err != nil {
			return nil, fmt.Errorf("open the directory of %s: %w", dialect.Issuer, err)
		}
		mux.Handle(dialect.prefix+"/", d.Handler())
	}
	return mux, nil
}
