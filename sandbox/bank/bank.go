// Package bank is the API behind the gateway: accounts of nobody, to anyone whom the gateway lets through.
package bank

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/sandbox/part"
)

// AccountsPath is where the accounts are.
const AccountsPath = "/open-banking/v3.1/aisp/accounts"

//go:embed accounts.json
var accounts []byte

// Handler serves the accounts. Its header x-bank-received names the headers of the gateway that came with the request,
// and an Authorization header if there was one: names only, so that a tester sees what a bank's API gets to know.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+AccountsPath, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Bank-Received", strings.Join(received(r.Header), ", "))
		_, _ = w.Write(accounts) // the client is gone
	})
	return mux
}

func received(header http.Header) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(header)) {
		name = strings.ToLower(name)
		if name == "authorization" || name == "x-fapi-interaction-id" || strings.HasPrefix(name, "x-dcr-") {
			names = append(names, name)
		}
	}
	return names
}

// Run is the bank's own process: `dcr-gateway sandbox-bank`. It serves until the context ends.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("sandbox-bank", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:8446", "address to serve HTTP on")
	if err := part.Parse(flags, args, stderr); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(stdout, "bank: serving http://%s%s\n", *listen, AccountsPath)
	return part.Serve(ctx, *listen, Handler(), "", "")
}
