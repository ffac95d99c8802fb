package admin

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

const (
	defaultGate socket.Local = "unix:run/gate-admin.sock"

	gateTime  = 10 * time.Second // for a gate's answer
	maxAnswer = 8 << 20          // of a gate: a status lists every problem of a file
)

// gateFlags declares the flags of the commands that ask running gates.
func gateFlags(c *call, flags *flag.FlagSet) {
	flags.Func("gate", "`ADDRESS` of a gate's admin interface, unix:PATH; once for each gate (default $DCR_GATE, separated by commas, or "+defaultGate.String()+")", func(text string) error {
		var gate socket.Local
		if err := gate.Set(text); err != nil {
			return err
		}
		c.gates = append(c.gates, gate)
		return nil
	})
}

// answered is one gate's answer, or why it did not answer.
type answered[T any] struct {
	Gate  socket.Local `json:"gate"`
	Error string       `json:"error,omitempty"`
	Said  *T           `json:"said,omitempty"`
}

// askAll asks every gate in turn. If one cannot be reached, the others are still asked.
func askAll[T any](ctx context.Context, c *call, method, path string) (all []answered[T], well bool) {
	gates, well := c.gates, true
	if len(gates) == 0 {
		for name := range strings.SplitSeq(cmp.Or(os.Getenv("DCR_GATE"), defaultGate.String()), ",") {
			gates = append(gates, socket.Local(name))
		}
	}
	for _, gate := range gates {
		one := answered[T]{Gate: gate}
		err := new(socket.Local).Set(gate.String()) // a flag was checked, $DCR_GATE was not
		var said *T
		if err == nil {
			said, err = askGate[T](ctx, gate, method, path)
		}
		if err != nil {
			one.Error, well = err.Error(), false
		} else {
			one.Said = said
		}
		all = append(all, one)
	}
	return all, well
}

// askGate asks one gate.
func askGate[T any](ctx context.Context, gate socket.Local, method, path string) (*T, error) {
	ctx, cancel := context.WithTimeout(ctx, gateTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "http://localhost"+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: gate.DialContext}}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("cannot be reached: %w", rootCause(err))
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("stopped in the middle of its answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answers %s", complaint(response.Status, text))
	}
	said := new(T)
	if err := json.Unmarshal(text, said); err != nil {
		return nil, errors.New("the answer is not from this version of dcr-gateway")
	}
	return said, nil
}

// complaint returns the error in a gate's answer.
func complaint(status string, text []byte) string {
	var body struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(text, &body) == nil && body.Error != "" {
		return status + ": " + body.Error
	}
	return status + ": " + string(bytes.TrimSpace(text[:min(len(text), 200)]))
}

// rootCause strips the URL that net/http puts around an error.
func rootCause(err error) error {
	for next := err; next != nil; next = errors.Unwrap(next) {
		err = next
	}
	return err
}

// gateByGate prints each gate's answer, or why it did not answer.
func gateByGate[T any](gates []answered[T], said func(*strings.Builder, *T)) string {
	var text strings.Builder
	for _, gate := range gates {
		fmt.Fprintf(&text, "gate %s\n", gate.Gate)
		if gate.Error != "" {
			fmt.Fprintf(&text, "  %s\n", gate.Error)
			continue
		}
		said(&text, gate.Said)
	}
	return text.String()
}
