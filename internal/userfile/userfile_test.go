package userfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Hashes of two passwords, as htpasswd -B makes them: bcrypt takes its time.
const (
	lovelace = "$2a$10$vr045CWswgcXScti37l5weJcIXuYuwzmkY7qrSLw6ZlAPzb/Kon3K" // lovelace
	hopper   = "$2a$10$FXK9XBdc7lxcAXdnaw6GPuvpEjZdMuv7dL0Ed5hwk6OHjblPjAyvy" // hopper:1
	weak     = "$2a$04$nKU1qItUML93kLfwdvHUs.68mrK4UAasnxV.eS9dfoIFXRMzG8oB2" // lovelace
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCheck(t *testing.T) {
	users, err := Read(write(t, "# for registrations\nada:"+lovelace+"\n\ngrace:"+hopper+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, password string
		want           error
	}{
		{"ada", "lovelace", nil},
		{"grace", "hopper:1", nil},
		{"ada", "hopper:1", ErrWrong},
		{"ada", "", ErrWrong},
		{"ada", "Lovelace", ErrWrong},
		{"Ada", "lovelace", ErrWrong},
		{"", "", ErrWrong},
		{"nobody", "lovelace", ErrWrong},
		{"ada", strings.Repeat("x", 100), ErrWrong},
	} {
		if err := users.Check(c.name, c.password); !errors.Is(err, c.want) {
			t.Errorf("%s with %q: got %v, want %v", c.name, c.password, err, c.want)
		}
	}
	if err := (Users{}).Check("ada", "lovelace"); !errors.Is(err, ErrWrong) {
		t.Errorf("of nobody: %v", err)
	}
}

func TestReadRefuses(t *testing.T) {
	good := "ada:" + lovelace
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "must hold from 1 to 256 users"},
		{"comments", "# a\n", "must hold from 1 to 256 users"},
		{"no hash", good + "\ngrace\n", "line 2 is not NAME:HASH"},
		{"a password", good + "\ngrace:hopper\n", "line 2 is not NAME:HASH"},
		{"MD5", "ada:$apr1$aaaaaaaa$aaaaaaaaaaaaaaaaaaaaaa\n", "line 1 is not NAME:HASH"},
		{"no name", good[3:], "line 1 is not NAME:HASH"},
		{"weak", "ada:" + weak, "line 1 has the cost 4, and must have one from 10 to 13"},
		{"slow", strings.Replace(good, "$10$", "$31$", 1), "line 1 has the cost 31"},
		{"a name twice", good + "\n" + good, "line 2 repeats the name of an earlier line"},
		{"large", strings.Repeat("#", 64<<10+1), "larger than 65536 bytes"},
	} {
		if users, err := Read(write(t, c.text)); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hopper") {
			t.Errorf("%s: got %v, %v, want %s", c.name, users, err, c.want)
		}
	}
	if _, err := Read(t.TempDir()); err == nil {
		t.Error("a folder was read")
	}
}
