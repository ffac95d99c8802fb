// Package bank is the API behind the gateway: a plain HTTP server with accounts, payments and funds confirmations after the
// OBIE Read/Write API 3.1, and accounts after Australia's Consumer Data Standards. It returns fixed data, stores nothing, and
// shows what reached it: use it to see what a bank's API receives, not to test a client's payments.
package bank

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base32"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/sandbox/part"
)

// maxBody is more than any body of this API.
const maxBody = 16 << 10

//go:embed *.json
var sample embed.FS

// Handler serves the bank. The header x-bank-received of each answer names the headers of the gateway that came with the
// request, and an Authorization header if there was one: names only. EchoPath shows the whole request but for its secrets.
func Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, handle := range map[string]http.HandlerFunc{
		"GET " + HealthPath: func(w http.ResponseWriter, _ *http.Request) {
			write(w, http.StatusOK, map[string]string{"Status": "OK"})
		},
		EchoPath:                         echo,
		"GET " + AccountsPath:            list("Account", "accounts.json"),
		"GET " + AccountPath:             list("Account", "accounts.json"),
		"GET " + BalancesPath:            list("Balance", "balances.json"),
		"GET " + TransactionsPath:        list("Transaction", "transactions.json"),
		"POST " + PaymentConsentsPath:    create("ConsentId", object{"Status": "AwaitingAuthorisation"}),
		"GET " + PaymentConsentPath:      read("ConsentId", object{"Status": "AwaitingAuthorisation"}),
		"POST " + PaymentsPath:           create("DomesticPaymentId", object{"Status": "AcceptedSettlementInProcess"}),
		"GET " + PaymentPath:             read("DomesticPaymentId", object{"Status": "AcceptedSettlementInProcess"}),
		"POST " + FundsConsentsPath:      create("ConsentId", object{"Status": "AwaitingAuthorisation"}),
		"GET " + FundsConsentPath:        read("ConsentId", object{"Status": "AwaitingAuthorisation"}),
		"DELETE " + FundsConsentPath:     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"POST " + FundsConfirmationsPath: create("FundsConfirmationId", object{"FundsAvailable": true}),
		"GET " + RecipientAccountsPath:   recipientAccounts,
	} {
		mux.HandleFunc(pattern, handle)
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

// echo answers with the request as it came, but for the credentials in it.
func echo(w http.ResponseWriter, r *http.Request) {
	header := r.Header.Clone()
	for _, secret := range []string{"Authorization", "Cookie"} {
		if header.Get(secret) != "" {
			header.Set(secret, "(not shown)")
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "Sandbox.TooLarge", "the body is larger than 16 KiB")
		return
	}
	write(w, http.StatusOK, object{"method": r.Method, "target": r.RequestURI, "host": r.Host, "headers": header, "body": string(body)})
}

type object map[string]any

// document is the shape of every good answer of the Read/Write API.
type document struct {
	Data  any
	Risk  any `json:",omitempty"`
	Links struct{ Self string }
	Meta  object
}

// list answers with the sample's objects, those of one account if the path names one.
func list(member, file string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		account := r.PathValue("AccountId")
		objects := slices.DeleteFunc(load(file), func(o object) bool { return account != "" && o["AccountId"] != account })
		if len(objects) == 0 {
			refuse(w, http.StatusBadRequest, "UK.OBIE.Resource.NotFound", "there is no account with this id")
			return
		}
		d := document{Data: object{member: objects}, Meta: object{"TotalPages": 1}}
		d.Links.Self = r.URL.RequestURI()
		write(w, http.StatusOK, d)
	}
}

func load(file string) (objects []object) {
	text, _ := sample.ReadFile(file)   // an embedded file always reads
	_ = json.Unmarshal(text, &objects) // a test reads them all
	return objects
}

// create answers with the request's own Data and what the bank adds to it. The id is made of the request, so that one that
// is repeated, with its x-idempotency-key, has the answer that it had.
func create(id string, added object) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		var asked struct {
			Data object
			Risk any
		}
		if err != nil || json.Unmarshal(body, &asked) != nil || asked.Data == nil {
			refuse(w, http.StatusBadRequest, "UK.OBIE.Resource.InvalidFormat", "want a JSON object of 16 KiB at most with an object Data")
			return
		}
		sum := sha256.Sum256(fmt.Append(nil, r.URL.Path, "\n", r.Header.Get("X-Idempotency-Key"), "\n", string(body)))
		asked.Data[id] = base32.StdEncoding.EncodeToString(sum[:15])
		answer(w, http.StatusCreated, fmt.Sprint(r.URL.Path, "/", asked.Data[id]), asked.Data, added, asked.Risk)
	}
}

// read answers as if there were something with every id.
func read(id string, added object) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, r.URL.Path, object{id: r.PathValue(id)}, added, nil)
	}
}

func answer(w http.ResponseWriter, status int, self string, data, added object, risk any) {
	maps.Copy(data, added)
	data["CreationDateTime"] = time.Now().UTC().Truncate(time.Second)
	d := document{Data: data, Risk: risk, Meta: object{}}
	d.Links.Self = self
	write(w, status, d)
}

// recipientAccounts is version 2 of Get Accounts of the Consumer Data Standards, on one page.
func recipientAccounts(w http.ResponseWriter, r *http.Request) {
	accounts := load("cdr-accounts.json")
	w.Header().Set("x-v", "2")
	write(w, http.StatusOK, object{
		"data":  object{"accounts": accounts},
		"links": object{"self": r.URL.RequestURI()},
		"meta":  object{"totalRecords": len(accounts), "totalPages": 1},
	})
}

// refuse answers with the standard's OBErrorResponse1.
func refuse(w http.ResponseWriter, status int, code, message string) {
	name := http.StatusText(status)
	write(w, status, object{
		"Code": fmt.Sprint(status, " ", strings.ReplaceAll(name, " ", "")), "Message": name,
		"Errors": []object{{"ErrorCode": code, "Message": message}},
	})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone
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
