package edge

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

// maxAnswer bounds a response: it holds a few numbers for each listener.
const maxAnswer = 1 << 20

// traffic selects the statistics about connections and requests. A connection counts as "pre" while its listener waits for
// the server name (SNI).
const traffic = `^(http\..+\.downstream_(rq_active|rq_total|cx_total)|listener\..+\.downstream_pre_cx_active)$`

// admin is Envoy's admin interface.
type admin struct {
	client *http.Client
}

func newAdmin(address socket.Local, patience time.Duration) *admin {
	return &admin{client: &http.Client{Transport: &http.Transport{DialContext: address.DialContext}, Timeout: patience}}
}

func (a *admin) close() { a.client.CloseIdleConnections() }

// post makes Envoy do something.
func (a *admin) post(ctx context.Context, path string) error {
	_, err := a.ask(ctx, http.MethodPost, path)
	return err
}

func (a *admin) ask(ctx context.Context, method, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://envoy"+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	answer, err := a.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close() // read only: nothing can be lost
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, answer.Status)
	}
	return body, err
}

// A load is the traffic of clients: what is in flight, and how much has arrived since Envoy started.
type load struct{ active, came uint64 }

// load reads the traffic of clients. Requests of the admin interface do not count.
func (a *admin) load(ctx context.Context) (load, error) {
	body, err := a.ask(ctx, http.MethodGet, "/stats?format=json&filter="+url.QueryEscape(traffic))
	if err != nil {
		return load{}, err
	}
	var found struct {
		Stats []struct {
			Name  string
			Value uint64
		}
	}
	if err := json.Unmarshal(body, &found); err != nil {
		return load{}, fmt.Errorf("stats: %w", err)
	}
	var l load
	for _, stat := range found.Stats {
		switch {
		case strings.HasPrefix(stat.Name, "http.admin."), strings.HasPrefix(stat.Name, "listener.admin."):
		case strings.HasSuffix(stat.Name, "_active"):
			l.active += stat.Value
		default:
			l.came += stat.Value
		}
	}
	return l, nil
}
