package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

const (
	// watched is how many connections are kept: all but certainly each of Envoy's two workers has one.
	watched = 6

	// askEvery is the time between two questions, and askShare the same as a share of what has gone by: asking is to cost
	// little of what is measured, and to make a small part of it.
	askEvery = time.Millisecond
	askShare = 50
)

// A watch asks Envoy without a token, over connections that it keeps: a route that is there answers 401, and any other
// path 404.
type watch struct {
	address string
	clients []*http.Client
}

func openWatch(w *harness.World) (*watch, error) {
	tpp := w.File.TPPs[0]
	pair, err := tls.LoadX509KeyPair(w.Path(tpp.TransportCert), w.Path(tpp.TransportKey))
	if err != nil {
		return nil, err
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	opened := &watch{address: w.MTLS()}
	for range watched {
		transport := &http.Transport{TLSClientConfig: w.TLS(&pair), Protocols: protocols, MaxConnsPerHost: 1}
		opened.clients = append(opened.clients, &http.Client{Timeout: patience, Transport: transport})
	}
	return opened, nil
}

func (w *watch) close() {
	for _, client := range w.clients {
		client.CloseIdleConnections()
	}
}

// await returns when one path is there and another is not, on every connection.
func (w *watch) await(ctx context.Context, there, gone string) error {
	ctx, stop := context.WithTimeout(ctx, reloadPatience)
	defer stop()
	begun := time.Now()
	for _, client := range w.clients {
		for {
			found, err := w.serves(ctx, client, there)
			if err != nil {
				return err
			}
			if found {
				break
			}
			time.Sleep(max(askEvery, time.Since(begun)/askShare))
		}
		if found, err := w.serves(ctx, client, gone); err != nil {
			return err
		} else if found {
			return errors.New("a route is still there beside the one that took its place")
		}
	}
	return nil
}

// serves says whether a path is there. No other answer than the two is right, whatever is being saved.
func (w *watch) serves(ctx context.Context, client *http.Client, path string) (bool, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.address+path, nil)
	if err != nil {
		return false, err
	}
	answer, err := harness.Do(client, request)
	switch {
	case err != nil:
		return false, err
	case answer.Protocol != harness.HTTP2:
		return false, fmt.Errorf("%s answers with %s", path, answer.Protocol)
	case answer.Status == http.StatusUnauthorized:
		return true, nil
	case answer.Status == http.StatusNotFound:
		return false, nil
	}
	return false, fmt.Errorf("%s answers %s", path, answer)
}
