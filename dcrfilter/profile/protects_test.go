package profile

import "testing"

// A client moves to another profile only where that one protects it at least as well.
func TestProtects(t *testing.T) {
	for _, c := range []struct {
		one, other string
		want       bool
	}{
		{"obie-3.3", "obie-3.3", true}, {"obie-3.4", "obie-3.1", true}, {"obie-3.1", "obie-3.4", true},
		{"obie-3.3", "is-json", true}, {"is-json", "obie-3.3", false}, {"is-json", "is-json", true},
		{"cdr-au", "generic-0.1", true}, {"generic-0.1", "cdr-au", false}, {"obie-3.3", "cdr-au", false}, {"cdr-au", "is-json", true},
	} {
		one, err := Load(c.one)
		if err != nil {
			t.Fatal(err)
		}
		other, err := Load(c.other)
		if err != nil {
			t.Fatal(err)
		}
		if got := one.Protects(other); got != c.want {
			t.Errorf("%s protects clients of %s as well: %t, want %t", c.one, c.other, got, c.want)
		}
	}
}
