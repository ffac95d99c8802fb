package directory

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"

	"github.com/dcr-gateway/dcr-gateway/sandbox/part"
)

// Run is the directories' own process: `dcr-gateway sandbox-directory`. It serves until the context ends.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("sandbox-directory", flag.ContinueOnError)
	data := flags.String("data", "directory", "folder of the directories' keys and records")
	listen := flags.String("listen", "127.0.0.1:8445", "address to serve HTTPS on")
	url := flags.String("url", "https://127.0.0.1:8445", "how others reach it: part of the URLs in statements")
	certificate := flags.String("cert", "directory/server.pem", "server certificate")
	key := flags.String("key", "directory/server.key", "its private key")
	if err := part.Parse(flags, args, stderr); err != nil {
		return err
	}
	all, err := openAll(*data, *url)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(stdout, "directory: serving %s\n", *url)
	return part.Serve(ctx, *listen, all, *certificate, *key)
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
