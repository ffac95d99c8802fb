package edge

import (
	"strings"
	"testing"
	"time"
)

func TestCommand(t *testing.T) {
	for given, want := range map[string]string{
		"envoy -c e.yaml":                      "envoy -c e.yaml --drain-time-s 7 --drain-strategy immediate --disable-hot-restart",
		"envoy --drain-time-s 30 --base-id 3":  "envoy --drain-time-s 30 --base-id 3 --drain-strategy immediate",
		"envoy --drain-strategy=gradual -c e":  "envoy --drain-strategy=gradual -c e --drain-time-s 7 --disable-hot-restart",
		"envoy --use-dynamic-base-id":          "envoy --use-dynamic-base-id --drain-time-s 7 --drain-strategy immediate",
		"envoy --disable-hot-restart -c e.yml": "envoy --disable-hot-restart -c e.yml --drain-time-s 7 --drain-strategy immediate",
	} {
		if have := strings.Join(Command(strings.Fields(given), 7*time.Second), " "); have != want {
			t.Errorf("%s: have %s, want %s", given, have, want)
		}
	}
}
