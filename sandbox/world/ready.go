package world

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
	"github.com/dcr-gateway/dcr-gateway/internal/redis"
	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
	"github.com/dcr-gateway/dcr-gateway/sandbox/bank"
)

const (
	startTime = 30 * time.Second // for a part to serve
	tryTime   = 2 * time.Second  // for one question
)

// probe asks one part a question that only a part that serves can answer.
type probe struct {
	name string
	ask  func(context.Context) error
}

// probes are those of a set of parts. Behind Envoy the questions go through all of the gateway: its answers need the
// registry (discovery) and the gate (a bank API without a token).
func probes(dir string, w *worldfile.World, names []string) ([]probe, error) {
	client, err := prober(dir, w)
	if err != nil {
		return nil, err
	}
	get := func(url string, want int) func(context.Context) error {
		return func(ctx context.Context) error { return expect(ctx, client, url, want) }
	}
	all := map[string]probe{
		redisPart:     {redisPart, func(ctx context.Context) error { return ping(ctx, w.Redis) }},
		directoryPart: {directoryPart, get(w.Directory.JWKS, http.StatusOK)},
		bankPart:      {bankPart, get(bankURL(w.Processes[bankPart]), http.StatusOK)},
	}
	for i, at := range w.Fleet {
		g := gateway{number: i + 1}
		all[g.part(registryPart)] = probe{g.part(registryPart), get(at.Discovery, http.StatusOK)}
		all[g.part(gatePart)] = probe{g.part(gatePart), get(at.APIs[0].URL, http.StatusUnauthorized)}
	}
	var chosen []probe
	for _, name := range names {
		if question, known := all[name]; known { // Envoy has none: it is asked through for the others
			chosen = append(chosen, question)
		}
	}
	return chosen, nil
}

// prober is an HTTP client with the papers of the first TPP.
func prober(dir string, w *worldfile.World) (*http.Client, error) {
	text, err := os.ReadFile(filepath.Join(dir, w.ServerCA))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, w.TPPs[0].TransportCert), filepath.Join(dir, w.TPPs[0].TransportKey))
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	return &http.Client{Timeout: tryTime, Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}, nil
}

func expect(ctx context.Context, client *http.Client, url string, want int) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	if response.StatusCode != want {
		return fmt.Errorf("%s answers %d, not %d", url, response.StatusCode, want)
	}
	return nil
}

func ping(ctx context.Context, url string) error {
	client, err := redis.Open(url)
	if err != nil {
		return err
	}
	defer client.Close() // it was asked
	return client.Ping(ctx).Err()
}

// bankURL is where the bank is asked directly: its address is the last argument of its process.
func bankURL(process worldfile.Process) string {
	if len(process.Argv) == 0 {
		return ""
	}
	return "http://" + process.Argv[len(process.Argv)-1] + bank.AccountsPath
}

// await waits until the parts named serve. It gives up when one of the processes has ended that were started.
func await(ctx context.Context, dir string, w *worldfile.World, names []string, started []*process.Process) error {
	questions, err := probes(dir, w, names)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for _, q := range questions {
		if err := process.Await(ctx, q.ask, started...); err != nil {
			return fmt.Errorf("the %s does not serve: %w\n%s", q.name, err, process.Tail(outputFile(dir, q.name)))
		}
	}
	return nil
}
