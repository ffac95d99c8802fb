package conform

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// Statements says where software statements come from.
type Statements struct {
	Fetch func(ctx context.Context) (string, error)
	Fresh bool // each call fetches another one
}

// statementAge is how long a statement that may be used again is used: banks refuse old ones.
const statementAge = 4 * time.Minute

// errStatement is of a TPP's papers, which are in order before anything is judged.
var errStatement = errors.New("the software statement is not a signed JWT")

// supply hands out statements, a fresh one where a used one would be refused.
type supply struct {
	Statements
	singleUse bool

	text string
	used bool
	at   time.Time
}

// more says whether a statement can be had that a bank has not seen.
func (s *supply) more() bool { return s.Fresh || !s.singleUse }

func (s *supply) next(ctx context.Context) (string, error) {
	old := s.Fresh && time.Since(s.at) > statementAge
	if s.text == "" || s.singleUse && s.used && s.Fresh || old {
		text, err := s.Fetch(ctx)
		if err != nil {
			return "", fmt.Errorf("get a software statement: %w", err)
		}
		s.text, s.at = strings.TrimSpace(text), time.Now()
	}
	s.used = true
	return s.text, nil
}

// claims reads a statement. It is the TPP's own, so nothing is verified.
func claims(statement string) (map[string]any, error) {
	token, err := dcrclient.ParseJWT(statement)
	if err != nil {
		return nil, errStatement
	}
	return token.Claims, nil
}
