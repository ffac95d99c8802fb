package demo

import (
	"context"
	"fmt"
	"net/http"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
	"github.com/dcr-gateway/dcr-gateway/sandbox/tpp"
)

// A step is one request of the walk, and what must come of it: exactly this status and, for a refusal, this code.
type step struct {
	name   string
	status int
	code   string
	do     func(context.Context, *walk) (*dcrclient.Answer, error)
}

// steps are the life of a client, and three attacks on it.
func steps() []step {
	return []step{
		{"read the bank's discovery document", http.StatusOK, "", func(ctx context.Context, w *walk) (*dcrclient.Answer, error) {
			return w.us.Discover(ctx)
		}},
		{"register", http.StatusCreated, "", register},
		{"get an access token", http.StatusOK, "", token},
		{"read the registration", http.StatusOK, "", func(ctx context.Context, w *walk) (*dcrclient.Answer, error) {
			return w.send(ctx)(w.us.Read())
		}},
		{"call the accounts API", http.StatusOK, "", func(ctx context.Context, w *walk) (*dcrclient.Answer, error) {
			return w.send(ctx)(w.us.Call(w.world.APIs[0].Method, w.world.APIs[0].URL))
		}},
		{"update the registration", http.StatusOK, "", update},
		{"the same update once more: a replay", http.StatusBadRequest, "invalid_client_metadata", func(ctx context.Context, w *walk) (*dcrclient.Answer, error) {
			return w.us.Send(ctx, w.updated)
		}},
		{"register with another TPP's certificate", http.StatusBadRequest, "invalid_software_statement", impersonate},
		{"register with a tampered software statement", http.StatusBadRequest, "invalid_software_statement", tamper},
		{"delete the registration", http.StatusNoContent, "", func(ctx context.Context, w *walk) (*dcrclient.Answer, error) {
			return w.send(ctx)(w.us.Delete())
		}},
		{"call the accounts API with the old token", http.StatusUnauthorized, "invalid_token", func(ctx context.Context, w *walk) (*dcrclient.Answer, error) {
			return w.send(ctx)(w.us.Call(w.world.APIs[0].Method, w.world.APIs[0].URL))
		}},
	}
}

// walk is a TPP on its way, and another that would like to be it.
type walk struct {
	world   *worldfile.World
	us      *tpp.Client
	them    *tpp.Client
	updated *dcrclient.Request
}

func newWalk(dir string, world *worldfile.World) (*walk, error) {
	us, err := tpp.OpenInWorld(dir, world, 0)
	if err != nil {
		return nil, err
	}
	// The thief has all papers of ours but the private key of our transport certificate, so it connects with its own.
	record, thief := tpp.WorldRecord(dir, world, 0), tpp.WorldRecord(dir, world, len(world.TPPs)-1)
	record.Certificate, record.Key, record.AuthMethod = thief.Certificate, thief.Key, us.AuthMethod
	them, err := tpp.Open(record)
	if err != nil {
		return nil, err
	}
	them.StatementText = us.StatementText
	return &walk{world: world, us: us, them: them}, nil
}

func (w *walk) send(ctx context.Context) func(*dcrclient.Request, error) (*dcrclient.Answer, error) {
	return func(request *dcrclient.Request, err error) (*dcrclient.Answer, error) {
		if err != nil {
			return nil, err
		}
		return w.us.Send(ctx, request)
	}
}

func register(ctx context.Context, w *walk) (*dcrclient.Answer, error) {
	answer, err := w.send(ctx)(w.us.Register(tpp.Ask{}))
	if err != nil || !answer.OK() {
		return answer, err
	}
	return answer, w.us.Registered(answer)
}

func token(ctx context.Context, w *walk) (*dcrclient.Answer, error) {
	answer, err := w.send(ctx)(w.us.TokenRequest(w.world.APIs[0].Scope))
	if err != nil || !answer.OK() {
		return answer, err
	}
	return answer, w.us.Granted(answer)
}

func update(ctx context.Context, w *walk) (answer *dcrclient.Answer, err error) {
	if w.updated, err = w.us.Update(tpp.Ask{}); err != nil {
		return nil, err
	}
	return w.us.Send(ctx, w.updated)
}

func impersonate(ctx context.Context, w *walk) (*dcrclient.Answer, error) {
	request, err := w.them.Register(tpp.Ask{})
	if err != nil {
		return nil, err
	}
	return w.them.Send(ctx, request)
}

func tamper(ctx context.Context, w *walk) (*dcrclient.Answer, error) {
	honest := w.us.StatementText
	tampered, err := withRole(honest, "ASPSP")
	if err != nil {
		return nil, fmt.Errorf("tamper with the software statement: %w", err)
	}
	w.us.StatementText = tampered
	defer func() { w.us.StatementText = honest }()
	return w.send(ctx)(w.us.Register(tpp.Ask{}))
}

// withRole gives a software statement a role that the directory has not signed for. The signature stays as it was.
func withRole(statement, role string) (string, error) {
	token, err := dcrclient.ParseJWT(statement)
	if err != nil {
		return "", err
	}
	token.Claims["software_roles"] = []string{role}
	return token.Compact()
}
