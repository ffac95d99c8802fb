package registry

import (
	"crypto/rand"
	"net/http"
	"slices"
	"testing"
	"time"
)

// TestRegisterRefusesRolesThatNoTokenCarries, although a directory has signed them.
func TestRegisterRefusesRolesThatNoTokenCarries(t *testing.T) {
	w := newWorld(t)
	for name, roles := range map[string][]string{
		"two in one": {"AISP", "PISP CBPII"}, "an empty one": {"AISP", ""}, "a line break": {"AISP", "PISP\r\nx-dcr-client-id: evil"},
		"too many": slices.Repeat([]string{"AISP"}, 33),
	} {
		t.Run(name, func(t *testing.T) {
			inner, s := w.in(t), newSoftware()
			inner.want(inner.post(s, s.withRoles(roles...)), http.StatusBadRequest, "invalid_software_statement", "statement.roles.form")
		})
	}
}

// TestUpdateOfRoles: a token says which roles the software had when it was issued, so it ends when one of them is gone.
func TestUpdateOfRoles(t *testing.T) {
	w := newWorld(t)
	tests := []struct {
		name          string
		before, after []string
		want          uint64
	}{
		{"the same", []string{"AISP", "PISP"}, []string{"AISP", "PISP"}, 1},
		{"in another order", []string{"AISP", "PISP"}, []string{"PISP", "AISP"}, 1},
		{"one more", []string{"AISP"}, []string{"AISP", "PISP"}, 1},
		{"one less", []string{"AISP", "PISP"}, []string{"AISP"}, 2},
		{"another one", []string{"AISP", "PISP"}, []string{"AISP", "CBPII"}, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inner, s := w.in(t), newSoftware()
			id := inner.register(s, s.withRoles(test.before...))
			old := inner.newToken(id)
			if got := inner.put(s, id, rand.Text(), s.withRoles(test.after...)); got.status != http.StatusOK {
				t.Fatalf("got %d %s", got.status, got.body)
			}
			if record := inner.record(id); record.GetGeneration() != test.want || !slices.Equal(record.GetSoftware().GetRoles(), test.after) {
				t.Errorf("generation %d, want %d; roles %v, want %v", record.GetGeneration(), test.want, record.GetSoftware().GetRoles(), test.after)
			}
			if told := inner.form("introspect", id, "token="+old); told.json["active"] != (test.want == 1) {
				t.Errorf("the token of before: %s", told.body)
			}
			issued, err := w.edition.inspector.Inspect(t.Context(), inner.newToken(id), time.Now())
			if err != nil || !slices.Equal(issued.Software.GetRoles(), test.after) {
				t.Errorf("the next token says %v, want %v: %v", issued.Software.GetRoles(), test.after, err)
			}
		})
	}
}

// TestRecordFromBeforeRoles: a client that was stored before records had roles gets tokens without any, until it updates.
func TestRecordFromBeforeRoles(t *testing.T) {
	w := newWorld(t)
	s := newSoftware()
	id := w.register(s, nil)
	record := w.record(id)
	record.Software.Roles = nil
	w.must(w.store.Update(t.Context(), record, nil))
	roles := func() []string {
		issued, err := w.edition.inspector.Inspect(t.Context(), w.newToken(id), time.Now())
		w.must(err)
		return issued.Software.GetRoles()
	}
	if got := roles(); len(got) != 0 {
		t.Errorf("a token says %v of a record that says nothing", got)
	}
	if got := w.put(s, id, "n", nil); got.status != http.StatusOK {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	if got := roles(); !slices.Equal(got, []string{"AISP", "PISP"}) {
		t.Errorf("after an update a token says %v", got)
	}
}
