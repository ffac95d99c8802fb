package run

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// An operator sees every client, and deletes one; to delete it again is no error.
func TestClients(t *testing.T) {
	w := newWorld(t)
	kept, err := store.Dial(w.redis, nil)
	if err == nil {
		err = kept.Open(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	var ids []string
	for _, name := range []string{"one", "two"} {
		software := &dcrpb.Software{Directory: "uk", Id: name, OrgId: "org"}
		c := &dcrpb.Client{Id: kept.NewClientID(software), Software: software, State: dcrpb.Client_ACTIVE, Profile: "obie-3.3", IssuedAt: int64(len(ids) + 1)}
		if err := kept.Create(t.Context(), c, nil, true); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.Id)
	}
	ask := func(arguments ...string) string {
		t.Helper()
		var out bytes.Buffer
		if code := Clients().Main(t.Context(), append(arguments, "--redis", w.redis), &out, io.Discard); code != 0 {
			t.Fatalf("%v: exit code %d: %s", arguments, code, &out)
		}
		return out.String()
	}
	list := func() (found []listed) {
		t.Helper()
		if err := json.Unmarshal([]byte(ask("list", "--output", "json")), &found); err != nil {
			t.Fatal(err)
		}
		return found
	}
	if found := list(); len(found) != 2 || found[0].ID != ids[0] || found[0].Software != "one" || found[0].State != "active" || found[1].ID != ids[1] {
		t.Errorf("listed: %+v", found)
	}
	command := Clients()
	for _, want := range []string{"client " + ids[0] + " is deleted\n", "client " + ids[0] + " is not there\n"} {
		var out bytes.Buffer
		if code := command.Main(t.Context(), []string{"delete", "--redis", w.redis, ids[0]}, &out, io.Discard); code != 0 || out.String() != want {
			t.Errorf("exit code %d: %q, want %q", code, &out, want)
		}
	}
	if found := list(); len(found) != 1 || found[0].ID != ids[1] {
		t.Errorf("after the deletion: %+v", found)
	}
}
