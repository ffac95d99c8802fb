package dcr_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

func TestRefuse(t *testing.T) {
	cause := errors.New("the cause")
	base := dcr.Refuse("redirect_uris.https")
	full := base.At("/redirect_uris/1").Under(&dcr.Profile{Standard: "OBIE DCR 3.3", Dictionary: "Data Dictionary"}).CausedBy(cause)
	if base.Pointer != "" || base.Clause != "{dictionary}, redirect_uris" || base.Cause != nil {
		t.Error("At, Under or CausedBy changed the refusal they were called on")
	}
	if full.Status != http.StatusBadRequest || full.Code != "invalid_redirect_uri" || full.Rule != base.Rule || full.Because != base.Because ||
		full.Pointer != "/redirect_uris/1" || full.Clause != "OBIE DCR 3.3, Data Dictionary, redirect_uris" {
		t.Errorf("got %+v", full)
	}
	if !errors.Is(full, cause) {
		t.Error("the cause is lost")
	}
	want := "redirect_uris.https: 400 invalid_redirect_uri: redirect_uris must each begin with https://: the cause"
	if got := full.Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := base.Error(), "redirect_uris.https: 400 invalid_redirect_uri: redirect_uris must each begin with https://"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAsRefusal(t *testing.T) {
	refusal := dcr.Refuse("scope.registered")
	for name, err := range map[string]error{
		"itself": refusal, "wrapped": fmt.Errorf("filter: %w", refusal), "joined": errors.Join(errors.New("x"), refusal),
	} {
		if got := dcr.AsRefusal(err); got != refusal {
			t.Errorf("%s: got %v", name, got)
		}
	}
	fault := errors.New("dial tcp 10.0.0.1:6379: refused")
	got := dcr.AsRefusal(fault)
	if got.Class != dcr.Unavailable || !errors.Is(got, fault) {
		t.Errorf("got %v", got)
	}
	if got := dcr.AsRefusal(nil); got.Class != dcr.Unavailable {
		t.Errorf("no error is no refusal to be sent, and must deny: got %v", got)
	}
}

func TestJoin(t *testing.T) {
	a, b, c := refusal(dcr.InvalidClientMetadata, "a", "A"), refusal(dcr.InvalidRedirectURI, "b", "B"), refusal(dcr.InvalidClientMetadata, "c", "C")
	fault := errors.New("redis is down")
	if dcr.Join() != nil || dcr.Join(nil, nil) != nil {
		t.Error("nothing makes an error")
	}
	if err := dcr.Join(nil, a, fault, b); err != fault {
		t.Errorf("a fault of ours is answered as %v", err)
	}
	joined := dcr.AsRefusal(dcr.Join(a, nil, dcr.Join(b, c)))
	var rules []string
	for _, finding := range joined.All() {
		rules = append(rules, finding.Rule)
	}
	if strings.Join(rules, " ") != "a b c" || joined.Code != "invalid_client_metadata" {
		t.Errorf("findings %v, answered as %s", rules, joined.Code)
	}
	if len(a.More) > 0 || len(b.More) > 0 {
		t.Error("what was joined has changed")
	}
}
