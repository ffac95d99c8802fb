package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config"
)

// installTime is long for a machine that is busy with something else.
const installTime = 30 * time.Second

// Routes is the text of the world's routes.yaml.
func (w *World) Routes() (string, error) {
	text, err := os.ReadFile(w.Path(w.File.Routes))
	return string(text), err
}

// SaveRoutes replaces routes.yaml as an editor does: another file is written and takes its name.
func (w *World) SaveRoutes(text string) error {
	next := w.Path(w.File.Routes) + ".new"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(next, w.Path(w.File.Routes))
}

// Status is what a part says of its routes on its admin interface.
type Status struct {
	Version string `json:"version"`
	Source  string `json:"source"`
	Entry   int    `json:"entry"`
	Healthy bool   `json:"healthy"`
	Why     string `json:"why"`
	File    struct {
		Version  string `json:"version"`
		Refused  string `json:"refused"`
		Problems []struct {
			ID     string `json:"id"`
			Line   int    `json:"line"`
			Column int    `json:"column"`
			What   string `json:"what"`
		} `json:"problems"`
	} `json:"file"`
	LastError string   `json:"last_error"`
	Rollback  int      `json:"rollback"`
	Known     []string `json:"known"`
	Envoys    []struct {
		Types map[string]struct {
			Version string `json:"version"`
			Refused string `json:"refused"`
		} `json:"types"`
	} `json:"envoys"`
	Reloads  int `json:"reloads"`
	Refusals int `json:"refusals"`
}

// InForce reports whether what is on disk is active and acknowledged by Envoy. It is also where a directory is down, which is
// the last of the reasons that a gate gives for not being healthy.
func (s *Status) InForce() bool {
	const directory = "the keys of directory "
	if !s.Healthy && !strings.HasPrefix(s.Why, directory) || s.File.Version != s.Version || len(s.Envoys) == 0 {
		return false
	}
	for kind, ack := range s.Envoys[0].Types {
		if kind != "secrets" && ack.Version != s.Version {
			return false
		}
	}
	return true
}

// Install saves a valid routes.yaml, and returns its version when it is active in gate and Envoy.
func (w *World) Install(ctx context.Context, text string) error {
	if err := w.SaveRoutes(text); err != nil {
		return err
	}
	return w.AwaitInForce(ctx)
}

// AwaitInForce returns when routes.yaml and all that it names are active as they are on disk.
func (w *World) AwaitInForce(ctx context.Context) error {
	version, err := config.Read(w.Path(w.File.Routes))
	if err != nil {
		return err
	}
	_, err = w.AwaitStatus(ctx, installTime, func(s *Status) bool { return s.Version == version.ID() && s.InForce() })
	return err
}

// Status asks the gate.
func (w *World) Status(ctx context.Context) (*Status, error) {
	body, err := w.AskGate(ctx, http.MethodGet, "/status")
	if err != nil {
		return nil, err
	}
	status := new(Status)
	return status, json.Unmarshal(body, status)
}

// AskGate asks something of the gate's admin interface. An answer that is not 200 is an error.
func (w *World) AskGate(ctx context.Context, method, path string) ([]byte, error) {
	return w.askSocket(ctx, w.File.Internal.GateAdmin, method, path)
}

// AskAdmin reads a path of the admin interface of a part.
func (w *World) AskAdmin(ctx context.Context, address, path string) ([]byte, error) {
	return w.askSocket(ctx, address, http.MethodGet, path)
}

// askSocket asks something of a part's admin interface.
func (w *World) askSocket(ctx context.Context, address, method, path string) ([]byte, error) {
	socket := w.Path(strings.TrimPrefix(address, "unix:"))
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	request, err := http.NewRequestWithContext(ctx, method, "http://localhost"+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 16<<20))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", method, path, response.Status, body)
	}
	return body, err
}

// AwaitStatus polls the gate's status until done returns true, for at most patience.
func (w *World) AwaitStatus(ctx context.Context, patience time.Duration, done func(*Status) bool) (*Status, error) {
	var last *Status
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		status, err := w.Status(ctx)
		if err == nil && done(status) {
			return status, nil
		}
		if err == nil {
			last = status
		}
		if time.Since(begun) > patience {
			return last, fmt.Errorf("not within %s: %+v, %w", patience, last, err)
		}
	}
}
