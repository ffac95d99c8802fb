package conform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// public checks what everybody can see of a bank: its discovery document (RFC 8414) and its key set (RFC 7517). It needs no
// material of a TPP and registers nothing.
func (o *options) public(ctx context.Context, stdout io.Writer) error {
	if o.Discovery == "" || o.certificate != "" || o.world != "" {
		return cli.Exit{Code: cli.Wrong, Text: "--public needs --discovery, and neither --cert nor --world"}
	}
	roots, err := dcrclient.Roots(o.ca)
	if err != nil {
		return cli.Exit{Code: cli.Wrong, Text: err.Error()}
	}
	client := dcrclient.NewHTTP(roots, nil)
	dcrclient.ConnectTo(client, o.Connect)
	defer client.CloseIdleConnections()
	answer, err := dcrclient.Send(ctx, client, dcrclient.NewRequest(http.MethodGet, o.Discovery))
	if err != nil {
		return cli.Exit{Code: cli.Wrong, Text: "the discovery document: " + err.Error()}
	}
	document, err := dcrclient.ReadDiscovery(answer)
	if err == nil {
		err = checkDiscovery(o.Discovery, document)
	}
	if err != nil {
		return cli.Exit{Code: 1, Text: err.Error()}
	}
	fmt.Fprintf(stdout, "the discovery document holds: issuer %s, registration at %s\n", document.Issuer, document.Registration)
	keys, err := publicKeys(ctx, client, answer.Text("jwks_uri"))
	if err != nil {
		return cli.Exit{Code: 1, Text: err.Error()}
	}
	fmt.Fprintf(stdout, "the key set holds: %d public keys\n", keys)
	return nil
}

// checkDiscovery checks a document against the URL that it came from (RFC 8414, section 3.3: "The issuer value returned MUST
// be identical to the authorization server's issuer identifier value into which the well-known URI string was inserted").
func checkDiscovery(from string, d dcrclient.Discovery) error {
	before, after, found := strings.Cut(from, "/.well-known/")
	_, path, _ := strings.Cut(after, "/")
	issuers := []string{before, before + "/" + path} // OpenID Connect appends the well-known part, RFC 8414 inserts it
	if found && !slices.Contains(issuers, strings.TrimSuffix(d.Issuer, "/")) {
		return fmt.Errorf("the discovery document at %s names the issuer %q", from, d.Issuer)
	}
	for name, value := range map[string]string{"issuer": d.Issuer, "registration_endpoint": d.Registration, "token_endpoint": d.Token} {
		if at, err := url.Parse(value); err != nil || at.Scheme != "https" || at.Host == "" {
			return fmt.Errorf("the discovery document: %s is %q, and not an https URL", name, value)
		}
	}
	return nil
}

// publicKeys counts the keys of a key set.
func publicKeys(ctx context.Context, client *http.Client, from string) (int, error) {
	if from == "" {
		return 0, errors.New("the discovery document has no jwks_uri")
	}
	answer, err := dcrclient.Send(ctx, client, dcrclient.NewRequest(http.MethodGet, from))
	if err != nil {
		return 0, fmt.Errorf("the key set: %w", err)
	}
	if answer.Status != http.StatusOK {
		return 0, fmt.Errorf("the key set is not available: status %d", answer.Status)
	}
	set, err := dcrclient.Object(answer.Body)
	if err != nil {
		return 0, fmt.Errorf("the key set: %w", err)
	}
	keys, _ := set["keys"].([]any)
	if len(keys) == 0 {
		return 0, errors.New("the key set has no keys")
	}
	for _, key := range keys {
		members, _ := key.(map[string]any)
		for _, private := range []string{"d", "k"} { // RFC 7518, sections 6.2.2, 6.3.2 and 6.4
			if _, there := members[private]; there || members == nil {
				return 0, errors.New("the key set has a key that is not a public one")
			}
		}
	}
	return len(keys), nil
}
