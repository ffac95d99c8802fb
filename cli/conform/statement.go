package conform

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// Statements is a source of software statements.
type Statements struct {
	Fetch func(ctx context.Context) (string, error)
	Fresh bool // each call returns a new one
}

// statementAge is how long a reusable statement is used: banks refuse old ones.
const statementAge = 4 * time.Minute

// errStatement reports the TPP's own statement, before anything is judged.
var errStatement = errors.New("the software statement is not a signed JWT")

// supply hands out statements, a new one if a used one would be refused.
type supply struct {
	Statements
	singleUse bool

	text string
	used bool
	at   time.Time
}

// more reports whether an unused statement is available.
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

// claims decodes a statement without verification: it is the TPP's own.
func claims(statement string) (map[string]any, error) {
	token, err := dcrclient.ParseJWT(statement)
	if err != nil {
		return nil, errStatement
	}
	return token.Claims, nil
}
