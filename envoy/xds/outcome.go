package xds

import "context"

// An Outcome is what became of the version last published.
//
// Accepted: every connected Envoy has acknowledged every type of it. There is one for each Publish, once there is an Envoy,
// also when nothing had to be pushed, and one more when an Envoy has connected and has acknowledged everything.
//
// Refused: an Envoy did not take a push of it. There is one for each Publish or newly connected Envoy, however many
// types and Envoys refuse. Whoever published should publish what was accepted before: until then that Envoy keeps a
// mixture, each type being old or new as a whole, never routes without their clusters.
type Outcome struct {
	Version string // Resources.Version
	Refused bool
	Type    string // refused: listeners, routes, clusters or secrets
	Words   string // refused: Envoy's words, one line, with nothing of a secret
}

// told is the last outcome since the last Publish or connection.
type told int

const (
	nothing told = iota
	accepted
	refused
)

// settle tells that the version is accepted, if it is.
func (s *Server) settle() {
	if s.current == nil || s.told == accepted || len(s.peers) == 0 {
		return
	}
	for p := range s.peers {
		if !p.settled() {
			return
		}
	}
	s.tell(accepted, Outcome{Version: s.current.version})
}

// refuse tells that the version is refused, if that has not been told.
func (s *Server) refuse(kind kind, words string) {
	if s.told != refused {
		s.tell(refused, Outcome{Version: s.current.version, Refused: true, Type: kind.String(), Words: words})
	}
}

func (s *Server) tell(what told, outcome Outcome) {
	s.told = what
	s.outcomes = append(s.outcomes, outcome)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// deliver hands on the outcomes until ctx ends.
func (s *Server) deliver(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		s.mu.Lock()
		outcomes := s.outcomes
		s.outcomes = nil
		s.mu.Unlock()
		for _, outcome := range outcomes {
			if ctx.Err() != nil {
				return
			}
			s.heard(outcome)
		}
	}
}
