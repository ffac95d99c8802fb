// Package bank is the API behind the gateway: a bank in plain HTTP with accounts, payments and funds confirmations in
// the manner of the OBIE Read/Write API 3.1, and accounts in that of Australia's Consumer Data Standards. It knows
// nothing of the gateway and asks nobody who he is: whoever gets through to it may ask, and whoever names an id may read
// it. What it is told lives as long as its process.
package bank

import (
	"context"
	"flag"
	"fmt"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/sandbox/part"
)

// Handler serves the bank. The header x-bank-received of each answer names the headers of the gateway that came with the
// request, and an Authorization header if there was one: names only, so that a tester sees what a bank's API gets to know.
func Handler() http.Handler {
	books, payments := readBooks(), new(payments)
	funds := &funds{books: books}
	mux := http.NewServeMux()
	for path, resource := range map[string]resource{
		"/":                    nil,
		HealthPath:             {http.MethodGet: health},
		AccountsPath:           {http.MethodGet: books.accounts},
		AccountPath:            {http.MethodGet: books.account},
		BalancesPath:           {http.MethodGet: books.balances},
		TransactionsPath:       {http.MethodGet: books.transactions},
		PaymentConsentsPath:    {http.MethodPost: payments.createConsent},
		PaymentConsentPath:     {http.MethodGet: payments.readConsent},
		PaymentsPath:           {http.MethodPost: payments.pay},
		PaymentPath:            {http.MethodGet: payments.readPayment},
		FundsConsentsPath:      {http.MethodPost: funds.createConsent},
		FundsConsentPath:       {http.MethodGet: funds.readConsent, http.MethodDelete: funds.deleteConsent},
		FundsConfirmationsPath: {http.MethodPost: funds.confirm},
		RecipientAccountsPath:  {http.MethodGet: books.recipientAccounts},
	} {
		mux.Handle(path, resource)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Bank-Received", strings.Join(received(r.Header), ", "))
		mux.ServeHTTP(w, r)
	})
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

func health(*http.Request) answer {
	return answer{status: http.StatusOK, body: map[string]string{"Status": "OK"}}
}

// Command is the bank's own process. It serves until the context ends.
func Command() cli.Command {
	return cli.Command{
		Name: "sandbox-bank", Summary: "Serve the sandbox's bank", Hidden: true,
		Setup: func(flags *flag.FlagSet) cli.Run {
			listen := flags.String("listen", "127.0.0.1:8446", "`HOST:PORT` to serve HTTP on")
			return func(ctx context.Context, call cli.Call) error {
				_, _ = fmt.Fprintf(call.Stdout, "bank: serving http://%s%s\n", *listen, AccountsPath)
				return part.Serve(ctx, *listen, Handler(), "", "")
			}
		},
	}
}
