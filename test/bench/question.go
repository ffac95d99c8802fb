package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
	"github.com/dcr-gateway/dcr-gateway/sandbox/tpp"
)

const (
	requestID   = "6860a644-3292-41a2-95e8-30cb5dc1f442"
	interaction = "7b4f2c3e-5f7d-4a3c-9d2b-1c2d3e4f5a6b"
)

// A question is Envoy's CheckRequest for one request, without the certificate of the connection.
type question struct {
	request    *authv3.AttributeContext_Request
	extensions map[string]string
}

// newQuestion writes a question as Envoy 1.40 does under the configuration that we render for it.
func newQuestion(route, version string, r *dcrclient.Request) (*question, error) {
	target, err := url.Parse(r.URL)
	if err != nil {
		return nil, err
	}
	return &question{
		request: &authv3.AttributeContext_Request{
			Time: timestamppb.Now(),
			Http: &authv3.AttributeContext_HttpRequest{
				Id: "13440779535529323598", Method: r.Method, Path: target.Path, Host: target.Host, Scheme: target.Scheme, Protocol: "HTTP/2",
				Size: int64(len(r.Body)), RawBody: r.Body, HeaderMap: &corev3.HeaderMap{Headers: headers(r, target)},
			},
		},
		extensions: map[string]string{routes.ContextListener: "mtls", routes.ContextRoute: route, routes.ContextVersion: version},
	}, nil
}

// headers are those of the client with Envoy's own before and behind them.
func headers(r *dcrclient.Request, target *url.URL) []*corev3.HeaderValue {
	var all []*corev3.HeaderValue
	add := func(name, value string) {
		all = append(all, &corev3.HeaderValue{Key: name, RawValue: []byte(value)})
	}
	add(":authority", target.Host)
	add(":method", r.Method)
	add(":path", target.Path)
	add(":scheme", target.Scheme)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		add(strings.ToLower(name), r.Header.Get(name))
	}
	if r.Method != http.MethodGet {
		add("content-length", strconv.Itoa(len(r.Body)))
		add("x-envoy-auth-partial-body", "false")
	}
	add("accept-encoding", "gzip")
	add("user-agent", "Go-http-client/2.0")
	add("x-forwarded-for", "192.0.2.2")
	add("x-forwarded-proto", "https")
	add("x-envoy-external-address", "127.0.0.1")
	add("x-request-id", requestID)
	return all
}

// from puts the question about a connection with a certificate.
func (q *question) from(certificate string) *authv3.CheckRequest {
	return &authv3.CheckRequest{Attributes: &authv3.AttributeContext{
		Source:            peer(49704, "CN=software,OU=organisation,O=OpenBanking,C=GB", certificate),
		Destination:       peer(8443, "localhost", ""),
		Request:           q.request,
		ContextExtensions: q.extensions,
		MetadataContext:   &corev3.Metadata{}, RouteMetadataContext: &corev3.Metadata{},
		TlsSession: &authv3.AttributeContext_TLSSession{},
	}}
}

func peer(port uint32, principal, certificate string) *authv3.AttributeContext_Peer {
	return &authv3.AttributeContext_Peer{
		Address: &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
			Address: "127.0.0.1", PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port},
		}}},
		Principal: principal, Certificate: certificate,
	}
}

const (
	// certificates are used in turn: several times as many as the gate remembers, so that it never meets one that it
	// knows, and builds each one's chain.
	certificates = 12_000
	// statements are used in turn, each in a request of its own: the gate remembers neither.
	statements = 256
)

// warm registers a client through Envoy and gets a token, for calls of the bank's API: one token, one certificate.
func (s *site) warm(ctx context.Context) (source, error) {
	client, err := tpp.OpenInWorld(s.world.Dir, s.world.File, 0)
	if err != nil {
		return nil, err
	}
	registration, err := client.Register(tpp.Ask{})
	if err != nil {
		return nil, err
	}
	if err := send(ctx, client, registration, client.Registered); err != nil {
		return nil, err
	}
	api := s.world.File.APIs[0]
	grant, err := client.TokenRequest(api.Scope)
	if err != nil {
		return nil, err
	}
	if err := send(ctx, client, grant, client.Granted); err != nil {
		return nil, err
	}
	call, err := client.Call(api.Method, api.URL)
	if err != nil {
		return nil, err
	}
	transport, err := os.ReadFile(client.Certificate)
	if err != nil {
		return nil, err
	}
	asked, err := newQuestion("accounts", s.version, call)
	certificate := percentEncode(transport)
	return func(uint64) *authv3.CheckRequest { return asked.from(certificate) }, err
}

// send sends a request and keeps what the answer says.
func send(ctx context.Context, client *tpp.Client, request *dcrclient.Request, keep func(*dcrclient.Answer) error) error {
	answer, err := client.Send(ctx, request)
	if err != nil {
		return err
	}
	if !answer.OK() {
		return fmt.Errorf("%s: %s: %s", request.URL, answer.StatusText(), answer.Refusal().Description)
	}
	return keep(answer)
}

// cold returns registration requests of one software product, each on a connection with another certificate.
func (s *site) cold() (source, error) {
	client, err := tpp.OpenInWorld(s.world.Dir, s.world.File, 0)
	if err != nil {
		return nil, err
	}
	key, err := pemfile.ReadKey(s.world.Path(s.world.File.Directory.StatementKey))
	if err != nil {
		return nil, err
	}
	first, asked := client.StatementText, make([]*question, statements)
	for i := range asked {
		if client.StatementText, err = anew(first, key); err != nil {
			return nil, err
		}
		request, err := client.Register(tpp.Ask{})
		if err != nil {
			return nil, err
		}
		if asked[i], err = newQuestion("register", s.version, request); err != nil {
			return nil, err
		}
	}
	minted, err := s.mint(client.Key)
	return func(n uint64) *authv3.CheckRequest { return asked[n%statements].from(minted[n%certificates]) }, err
}

// anew signs a statement again with a new jti, as the directory does.
func anew(statement string, key crypto.Signer) (string, error) {
	token, err := dcrclient.ParseJWT(statement)
	if err != nil {
		return "", err
	}
	token.Claims["jti"], token.Key = rand.Text(), key
	return token.Compact()
}

// mint issues many certificates for the software product's key, on all cores.
func (s *site) mint(keyFile string) ([]string, error) {
	places, member := s.world.File.Directory, s.world.File.TPPs[0]
	issuing, err := pki.ReadAuthority(s.world.Path(places.IssuingCA), s.world.Path(places.IssuingKey))
	if err != nil {
		return nil, err
	}
	key, err := pemfile.ReadKey(keyFile)
	if err != nil {
		return nil, err
	}
	minted, failures := make([]string, certificates), make([]error, runtime.NumCPU())
	var running sync.WaitGroup
	for worker := range failures {
		running.Go(func() {
			for i := worker; i < certificates && failures[worker] == nil; i += len(failures) {
				leaf := pki.Transport(member.OrgID, member.SoftwareID)
				leaf.CRLDistributionPoints = []string{places.RevocationList}
				var issued *x509.Certificate
				if issued, failures[worker] = issuing.Issue(leaf, key.Public()); issued != nil {
					minted[i] = percentEncode(pki.EncodeCertificate(issued.Raw))
				}
			}
		})
	}
	running.Wait()
	return minted, errors.Join(failures...)
}

// percentEncode encodes a certificate as Envoy does: all but RFC 3986's unreserved characters as %XX.
func percentEncode(pem []byte) string {
	return strings.ReplaceAll(url.QueryEscape(string(pem)), "+", "%20")
}
