package chains

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/internal/jwks"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/test/testbed"
)

// A directory that cannot be reached is found without a registration, and each change is logged once.
func TestDirectoriesAreLookedAt(t *testing.T) {
	d := testbed.Serve(t, "loopback")
	answer, log, clock := d.Server.Config.Handler, &testkit.Log{}, testkit.NewClock()
	source := jwks.New(d.Loaded.Client(), clock.Now, time.Hour)
	used := &trust.Directory{Directory: d.Loaded.Directory, Keys: source}
	set := metric.New("gate", "")
	policies := newMeasuredPolicies(t, set)
	measured := func(want map[string]float64) {
		t.Helper()
		got := testkit.Scrape(t, set.Handler(slog.New(slog.DiscardHandler)))
		for name, value := range want {
			if is, there := got[name+`{directory="loopback"}`]; !there || is != value {
				t.Errorf("%s is %v (%v), want %v", name, is, there, value)
			}
		}
	}
	policies.watch.use(trust.Directories{d.Loaded.Name: used})
	look := func(logged string) DirectoryHealth {
		t.Helper()
		policies.watch.look(t.Context(), slog.New(slog.NewTextHandler(log, nil)))
		got := log.Take()
		if lines := strings.Count(got, "\n"); logged == "" && lines > 0 || logged != "" && (lines != 1 || !strings.Contains(got, logged)) {
			t.Errorf("logged %q, want %q", got, logged)
		}
		all := policies.Directories()
		if len(all) != 1 || all[0].Name != "loopback" {
			t.Fatalf("got %v", all)
		}
		return all[0]
	}
	down := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	d.Server.Config.Handler = down
	first := look("cannot be fetched")
	if !strings.Contains(first.Why, "502") || first.Since.IsZero() || first.Fault() == "" {
		t.Errorf("got %+v", first)
	}
	measured(map[string]float64{"dcr_directory_up": 0, "dcr_directory_keys_failures": 1, "dcr_directory_keys_fetched_timestamp_seconds": 0, "dcr_directory_keys_end_timestamp_seconds": 0})
	clock.Advance(time.Minute)
	if again := look(""); again.Why == "" || !again.Since.Equal(first.Since) {
		t.Errorf("got %+v, want what it was", again)
	}
	d.Server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"keys":[{"kty":"LMS"}]}`)) })
	clock.Advance(time.Minute)
	if none := look(""); !strings.Contains(none.Why, "1 keys, and none for PS256") {
		t.Errorf("got %+v", none)
	}
	d.Server.Config.Handler = answer
	clock.Advance(10 * time.Minute)
	if up := look("fetched again"); up.Why != "" || up.Overdue != 0 || up.Fault() != "" {
		t.Errorf("got %+v", up)
	}
	now := float64(clock.Now().UnixMilli()) / 1000
	measured(map[string]float64{
		"dcr_directory_up": 1, "dcr_directory_keys_failures": 0, "dcr_directory_keys_fetched_timestamp_seconds": now, "dcr_directory_keys_end_timestamp_seconds": now + 3600,
		"dcr_directory_key_sets": 1, "dcr_directory_overdue_key_sets": 0,
	})

	// Sets that cannot be fetched again serve calls, and everybody can see it.
	_, err := source.Revoked(t.Context(), d.Server.URL+"/"+d.Member.OrgID+"/revoked/"+d.Member.SoftwareID+".jwks", jwks.Lately)
	must(t, err)
	d.Server.Config.Handler = down
	clock.Advance(15 * time.Second)
	_, err = source.Revoked(t.Context(), d.Server.URL+"/"+d.Member.OrgID+"/revoked/"+d.Member.SoftwareID+".jwks", jwks.Lately)
	must(t, err)
	if old := look("cannot be fetched again"); old.Overdue != 1 || old.Oldest != 15 || old.Fault() != "" {
		t.Errorf("got %+v", old)
	}
	measured(map[string]float64{"dcr_directory_up": 1, "dcr_directory_key_sets": 2, "dcr_directory_overdue_key_sets": 1, "dcr_directory_overdue_key_set_age_seconds": 15})
	clock.Advance(20 * time.Minute)
	if old := look("the keys of a directory cannot be fetched"); old.Fault() == "" || old.Overdue == 0 {
		t.Errorf("the directory's own keys are old: got %+v", old)
	}
	policies.watch.use(trust.Directories{})
	if all := policies.Directories(); len(all) != 0 {
		t.Errorf("of another version: %v", all)
	}
}
