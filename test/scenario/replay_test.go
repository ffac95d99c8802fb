package scenario

import (
	"net/http"
	"sync"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

var (
	replayed  = metadata("jti.replay")
	duplicate = unfit("software.duplicate")
)

// A request registers once, whatever happened in between.
func TestReplay(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	first, second := p.Request(), p.Request()
	if answer := p.post(t, first); answer.Status != http.StatusCreated {
		t.Fatal(answer)
	} else {
		first.Claims["client_id"] = answer.JSON(t)["client_id"] // another request with the same jti
	}
	id, _ := first.Claims["client_id"].(string)
	c := &client{tpp: p, id: id, url: p.registration + "/" + id}
	token := c.token(t) // until then an equal request gets the client
	replayed.check(t, p.post(t, first))
	duplicate.check(t, p.post(t, second))

	if answer := c.do(t, call{method: "DELETE", url: c.url, header: bearer(token)}); answer.Status != http.StatusNoContent {
		t.Fatal(answer)
	}
	replayed.check(t, p.post(t, first))
	// What was refused has burnt nothing.
	if answer := p.post(t, second); answer.Status != http.StatusCreated {
		t.Errorf("a request that was refused as a duplicate, after the client is gone: %s", answer)
	}
}

// A jti is one software's: another may have the same.
func TestReplayIsPerSoftware(t *testing.T) {
	t.Parallel()
	same := claim("jti", newUUID())
	newTPP(t).register(t, same)
	newTPP(t).register(t, same)
}

// A request that was refused can be repaired and sent again with its jti.
func TestRefusedRequestsBurnNothing(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	request := p.Request()
	request.Claims["scope"] = "admin"
	metadata("scope.unknown").check(t, p.post(t, request))
	request.Claims["scope"] = "accounts"
	if answer := p.post(t, request); answer.Status != http.StatusCreated {
		t.Errorf("got %s, want 201", answer)
	}
}

const crowd = 100

// known has the gate fetch the key sets of the TPP: if they were slow to come, only some of a crowd could wait for them.
func known(t *testing.T, p *tpp) {
	t.Helper()
	metadata("scope.unknown").check(t, p.post(t, change(&client{tpp: p}, claim("scope", "admin"))))
}

// together calls as many times at once, on both protocols, and counts the answers by status and rule.
func together(t *testing.T, p *tpp, sent func(i int) call) map[want]int {
	t.Helper()
	var group sync.WaitGroup
	answers := make([]*harness.Answer, crowd)
	for i := range crowd {
		c := sent(i)
		c.protocol = []harness.Protocol{harness.HTTP1, harness.HTTP2}[i%2]
		group.Go(func() {
			var err error
			if answers[i], err = p.send(t, c); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	counts := map[want]int{}
	for _, answer := range answers {
		if answer != nil {
			r := answer.Refusal()
			counts[want{answer.Status, r.Code, r.Rule()}]++
		}
	}
	return counts
}

// One of a crowd wins; all others are refused for what they are.
func checkOneWinner(t *testing.T, counts map[want]int, winner int, loser want) {
	t.Helper()
	if won := counts[want{status: winner}]; won != 1 || counts[loser] != crowd-1 {
		t.Errorf("got %v, want one %d and %d of %v", counts, winner, crowd-1, loser)
	}
}

func TestOneRequestInParallel(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	known(t, p)
	body := p.Request().Compact()
	counts := together(t, p, func(int) call {
		return call{method: "POST", url: p.registration, contentType: "application/jose", body: body}
	})
	checkOneWinner(t, counts, http.StatusCreated, replayed)
}

func TestOneSoftwareInParallel(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	known(t, p)
	counts := together(t, p, func(i int) call {
		scope := []string{"openid accounts", "openid payments"}[i%2] // an equal request would get the winner's client
		return call{method: "POST", url: p.registration, contentType: "application/jose", body: change(&client{tpp: p}, claim("scope", scope)).Compact()}
	})
	if won := counts[want{status: http.StatusCreated}]; won != crowd/2 || counts[duplicate] != crowd/2 {
		t.Errorf("got %v, want one client, for all that ask for the same, and %d of %v", counts, crowd/2, duplicate)
	}
}

func TestOneAssertionInParallel(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	body := c.form(nil).Encode()
	counts := together(t, c.tpp, func(int) call {
		return call{method: "POST", url: c.World.File.Token, contentType: formType, body: body}
	})
	checkOneWinner(t, counts, http.StatusOK, badClient("jti.replay"))
}
