package worldfile

import (
	"reflect"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
)

func TestFor(t *testing.T) {
	w := &World{
		Profile: "one", Issuer: "https://bank.example", Registration: "/one", Audience: "aud", APIs: []API{{URL: "/api"}},
		TPPs: []directory.Member{{SoftwareID: "s"}}, Directory: Directory{API: "/d"},
		Registrations: map[string]string{"one": "/one", "two": "/two", "far": "/far"},
		Others: map[string]Papers{"far": {
			Registration: "/far", Audience: "far aud", APIs: []API{{URL: "/far api"}}, TPPs: []directory.Member{{SoftwareID: "f"}}, Directory: Directory{API: "/f"},
		}},
	}
	for _, c := range []struct{ profile, registration, audience, api, software, directory string }{
		{"", "/one", "aud", "/api", "s", "/d"},
		{"one", "/one", "aud", "/api", "s", "/d"},
		{"two", "/two", "aud", "/api", "s", "/d"},
		{"far", "/far", "far aud", "/far api", "f", "/f"},
	} {
		got, err := w.For(c.profile)
		if err != nil {
			t.Fatal(err)
		}
		if got.Registration != c.registration || got.Audience != c.audience || got.APIs[0].URL != c.api || got.TPPs[0].SoftwareID != c.software ||
			got.Directory.API != c.directory || got.Issuer != w.Issuer {
			t.Errorf("%q: %+v", c.profile, got)
		}
	}
	if _, err := w.For("none"); err == nil || !strings.Contains(err.Error(), "no profile none; it has far, one, two") {
		t.Errorf("a profile that is not there: %v", err)
	}
	if w.Profile != "one" || w.Registration != "/one" {
		t.Error("the world itself has changed")
	}
}

func TestWriteAndRead(t *testing.T) {
	dir := t.TempDir()
	w := &World{Profile: "one", Registrations: map[string]string{"one": "/one"}, Others: map[string]Papers{"far": {Audience: "a"}}}
	if err := w.Write(dir); err != nil {
		t.Fatal(err)
	}
	got, err := Read(dir)
	if err != nil || !reflect.DeepEqual(got, w) {
		t.Errorf("%+v, want %+v (%v)", got, w, err)
	}
}
