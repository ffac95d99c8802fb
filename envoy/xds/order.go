package xds

import (
	"slices"
	"time"
)

// The order of a change, for each Envoy separately (make before break):
//
//  1. clusters that are new or changed. Envoy acknowledges them once they are warm, which may take a first health check
//     or a name from the DNS;
//  2. listeners, removed, new or changed;
//  3. routes that have changed;
//  4. after a while, clusters that are removed.
//
// A step begins when Envoy has acknowledged the previous ones; a step that it rejects is the last until the next Publish.
// Secrets are pushed at any time, and so is what Envoy asks for by name and does not have: a new listener's routes. The
// order is computed at each event from what Envoy has and what it should have: no step is stored.

// advance pushes what may be pushed now. It is called after each event: a Publish, a message of Envoy, the timer.
func (p *peer) advance() {
	s := p.server
	if s.current == nil {
		return
	}
	for kind := range kinds {
		t, have := &p.topics[kind], s.current.sets[kind]
		if !t.open {
			continue
		}
		send, remove := p.due(t, have)
		t.push(s.serial, have, send, remove)
		p.acknowledge(t, have)
	}
}

// due returns which resources of a topic to send and to remove now.
func (p *peer) due(t *topic, have set) (send, remove []string) {
	send = t.lacks(have)
	switch t.kind {
	case clusters:
		remove = p.expired(t.leftovers(have))
	case listeners:
		if !p.done(clusters) {
			return nil, nil
		}
		remove = t.leftovers(have)
	case routes:
		if p.done(clusters) && p.done(listeners) {
			return send, nil
		}
		send = slices.DeleteFunc(send, func(name string) bool { _, known := t.has(name); return known })
	}
	return send, remove
}

// done reports whether Envoy has all resources of a kind, except for clusters to be removed. A kind that it has not
// subscribed to is done.
func (p *peer) done(kind kind) bool {
	t, have := &p.topics[kind], p.server.current.sets[kind]
	if t.sub == nil {
		return true
	}
	if !t.open || t.greet || t.refused != nil || len(t.lacks(have)) > 0 {
		return false
	}
	switch kind {
	case listeners:
		return len(t.leftovers(have)) == 0
	case routes: // it asks for them by name, once it knows the listeners
		return t.wantsAll(have)
	}
	return true
}

// settled reports whether Envoy has acknowledged the current publication. It need not subscribe to all secrets.
func (p *peer) settled() bool {
	for kind := range kinds {
		idle := p.topics[kind].sub == nil && kind != secrets && len(p.server.current.sets[kind].resources) > 0
		if idle || !p.done(kind) {
			return false
		}
	}
	return true
}

// acknowledge records that Envoy has all resources of a topic.
func (p *peer) acknowledge(t *topic, have set) {
	if p.done(t.kind) && (t.ack.Version != have.version || t.ack.Refused != "") {
		t.ack = Ack{Version: have.version, At: time.Now()}
	}
}

// expired returns the leftover clusters that have been without a route for long enough, and sets the timer for the others.
func (p *peer) expired(leftovers []string) (gone []string) {
	settled, now, next := p.settled(), time.Now(), p.server.linger
	leaving := map[string]time.Time{}
	for _, name := range leftovers {
		since, known := p.leaving[name]
		if !known && !settled {
			continue // a route may still lead there
		}
		if !known {
			since = now
		}
		leaving[name] = since
		switch left := p.server.linger - now.Sub(since); {
		case left > 0:
			next = min(left, next)
		case settled:
			gone = append(gone, name)
		}
	}
	p.leaving = leaving
	if len(leaving) > len(gone) {
		p.wakeAfter(next)
	}
	return gone
}

func (p *peer) wakeAfter(wait time.Duration) {
	if p.timer != nil {
		p.timer.Stop()
	}
	p.timer = time.AfterFunc(wait, func() {
		p.server.mu.Lock()
		defer p.server.mu.Unlock()
		if _, connected := p.server.peers[p]; connected {
			p.advance()
		}
	})
}

// renew starts a new publication: rejected resources are sent again.
func (p *peer) renew() {
	for kind := range kinds {
		if t := &p.topics[kind]; t.refused != nil {
			t.doubt(t.refused)
			t.refused = nil
		}
	}
}
