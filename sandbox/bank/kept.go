package bank

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
)

// mostKept bounds how many of each kind are kept: the oldest make room for the newest.
const mostKept = 10_000

// kept holds the newest of one kind of things, by id.
type kept[T any] struct {
	byID  map[string]T
	order []string
}

// put keeps a thing, also in place of the one that has its id.
func (k *kept[T]) put(id string, thing T) {
	if k.byID == nil {
		k.byID = map[string]T{}
	}
	if _, there := k.byID[id]; !there {
		if len(k.order) == mostKept {
			delete(k.byID, k.order[0])
			k.order = k.order[1:]
		}
		k.order = append(k.order, id)
	}
	k.byID[id] = thing
}

// get returns a thing, and whether there is one.
func (k *kept[T]) get(id string) (T, bool) {
	thing, ok := k.byID[id]
	return thing, ok
}

// drop forgets a thing, and says whether there was one.
func (k *kept[T]) drop(id string) bool {
	_, there := k.byID[id]
	delete(k.byID, id)
	return there
}

// newID names something in a way that nobody guesses.
func newID() string { return rand.Text() }

// idempotencyHeader names a request, so that it can be repeated when its answer got lost.
const idempotencyHeader = "x-idempotency-key"

// repeats knows the requests that have created something.
type repeats struct{ done kept[created] }

type created struct {
	body [sha256.Size]byte
	id   string
}

// once creates something, unless the request's key has done so before: "the ASPSP must respond to the request with the
// current status of the resource", and of one with another body it "must not modify the end resource" (Read/Write API
// Specification, Idempotency). It returns the id of what there is now.
func (p *repeats) once(r *http.Request, body []byte, create func() (id string, refused answer)) (string, answer) {
	key := r.Header.Get(idempotencyHeader)
	if key == "" {
		return "", refuse(http.StatusBadRequest, fault{Code: headerMissing, Message: "a payment needs it", Path: idempotencyHeader})
	}
	if len(key) > 40 {
		return "", refuse(http.StatusBadRequest, fault{Code: headerInvalid, Message: "want 40 characters at most", Path: idempotencyHeader})
	}
	key, sum := r.URL.Path+" "+key, sha256.Sum256(body)
	if before, ok := p.done.get(key); ok {
		if before.body != sum {
			return "", refuse(http.StatusBadRequest, fault{Code: headerInvalid, Message: "the key belongs to a request with another body", Path: idempotencyHeader})
		}
		return before.id, answer{}
	}
	id, refused := create()
	if refused.status == 0 {
		p.done.put(key, created{sum, id})
	}
	return id, refused
}
