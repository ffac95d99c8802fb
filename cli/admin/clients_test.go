package admin

import (
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/internal/redis"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
	"github.com/dcr-gateway/dcr-gateway/test/redisserver"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

// A valid file may still orphan clients: the administrator learns how many before the file becomes active.
func TestValidateCountsOrphans(t *testing.T) {
	server := redisserver.Shared(t)
	path := save(t, sample.Folder(t), "test.yaml")
	validate := func(want string) {
		t.Helper()
		stdout, stderr, code := run(t, "validate", path, "--envoy", "none", "--redis", server.URL)
		if code != 0 || stderr != "" || !strings.HasSuffix(stdout, want) {
			t.Errorf("code %d, %s%s\nwant at its end %s", code, stdout, stderr, want)
		}
	}
	client, err := redis.Open(server.URL)
	ok(t, err)
	defer client.Close()
	validate("clients: 0 clients, and the file has the profile and the directory of each\n")
	if keys, err := client.Keys(t.Context(), "*").Result(); err != nil || len(keys) > 0 {
		t.Errorf("it has written %q, %v", keys, err)
	}
	kept, err := store.Dial(server.URL, nil)
	ok(t, err)
	defer kept.Close()
	_, err = kept.Begin(t.Context(), 0)
	ok(t, err)
	for i, c := range []struct{ profile, directory string }{
		{"obie-3.3", "openbanking-uk"}, {"gone-1.0", "openbanking-uk"}, {"gone-1.0", "gone"}, {"obie-3.2", "gone"},
	} {
		software := &dcr.Software{Directory: c.directory, Id: string(rune('a' + i)), OrgId: "org"}
		ok(t, kept.Create(t.Context(), &dcrpb.Client{
			Id: kept.NewClientID(software), State: dcrpb.Client_ACTIVE, Generation: 1, Profile: c.profile, Software: software,
		}, nil, false))
	}
	validate("clients: 1 of 4 are registered under the directory gone, which the file lacks: all their requests will be answered with 503\n" +
		"clients: 2 of 4 are registered under the profile gone-1.0, which the file lacks: all their requests will be answered with 503\n")
	if stdout, _, code := run(t, "validate", path, "--envoy", "none", "--redis", "redis://127.0.0.1:1"); code != 1 || !strings.Contains(stdout, "look for clients") {
		t.Errorf("without a Redis: code %d, %s", code, stdout)
	}
}
