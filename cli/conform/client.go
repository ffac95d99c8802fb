package conform

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// request is an HTTP request, and what was meant by it.
type request struct {
	*dcrclient.Request
	certificate string // own, other or none

	claims      map[string]any // of the registration request, or of the assertion
	statement   map[string]any // that the request names
	interaction string
}

// wire has an HTTP client for each certificate.
type wire map[string]*http.Client

func newWire(s *Setup) wire {
	w := wire{"own": dcrclient.NewHTTP(s.Roots, &s.Certificate), "none": dcrclient.NewHTTP(s.Roots, nil)}
	if s.Other != nil {
		w["other"] = dcrclient.NewHTTP(s.Roots, s.Other)
	}
	return w
}

// close ends the connections that are still open.
func (w wire) close() {
	for _, client := range w {
		client.CloseIdleConnections()
	}
}

// send sends a request. An answer of any status is no error; an error does not name the URL, which may hold a token.
func (w wire) send(ctx context.Context, r *request) (*dcrclient.Answer, error) {
	answer, err := dcrclient.Send(ctx, w[r.certificate], r.Request)
	if of, ok := errors.AsType[*url.Error](err); ok {
		err = of.Err
	}
	return answer, err
}
