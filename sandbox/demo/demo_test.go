package demo

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

func TestStepIsOnlyGoodWhenItIsExactlyWhatWasSaid(t *testing.T) {
	refused := func(status int, code string) *dcrclient.Answer {
		return &dcrclient.Answer{Status: status, Body: []byte(`{"error":"` + code + `","error_description":"because"}`), Took: 7 * time.Millisecond}
	}
	replay := step{name: "a replay", status: http.StatusBadRequest, code: "invalid_client_metadata"}
	tests := []struct {
		name   string
		step   step
		answer *dcrclient.Answer
		err    error
		want   bool
		line   string
	}{
		{"agreed", step{name: "register", status: http.StatusCreated}, &dcrclient.Answer{Status: http.StatusCreated, Took: time.Millisecond}, nil, true, "201 Created"},
		{"another success", step{name: "register", status: http.StatusCreated}, &dcrclient.Answer{Status: http.StatusOK}, nil, false, "FAIL"},
		{"refused as it should", replay, refused(http.StatusBadRequest, "invalid_client_metadata"), nil, true, "invalid_client_metadata: because"},
		{"refused for another reason", replay, refused(http.StatusBadRequest, "invalid_redirect_uri"), nil, false, "want 400 invalid_client_metadata"},
		{"refused with another status", replay, refused(http.StatusUnauthorized, "invalid_client_metadata"), nil, false, "FAIL"},
		{"an attack that succeeds", replay, &dcrclient.Answer{Status: http.StatusCreated}, nil, false, "FAIL"},
		{"no answer", replay, nil, errors.New("no route"), false, "no route"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			if got := (printer{w: &out}).step(test.step, test.answer, test.err); got != test.want {
				t.Errorf("good: %v, want %v", got, test.want)
			}
			if text := out.String(); !strings.Contains(text, test.line) || strings.Count(text, "\n") != 1 || strings.Contains(text, "\x1b") {
				t.Errorf("%q, want one line, without colours, with %q", text, test.line)
			}
		})
	}
}

func TestColours(t *testing.T) {
	var out bytes.Buffer
	if colours(&out) {
		t.Error("a buffer is taken for a terminal")
	}
	printer{&out, true}.step(step{name: "x", status: http.StatusOK}, &dcrclient.Answer{Status: http.StatusOK}, nil)
	if !strings.Contains(out.String(), green) {
		t.Errorf("%q is not green", out.String())
	}
}
