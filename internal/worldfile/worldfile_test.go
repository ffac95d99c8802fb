package worldfile

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

func TestFor(t *testing.T) {
	w := &World{
		Profile: "one", Issuer: "https://bank.example", Audience: "aud",
		Gateway: Gateway{
			Registration: "/one", APIs: []API{{URL: "/api"}}, Registrations: map[string]string{"one": "/one", "two": "/two", "far": "/far"},
		},
		TPPs: []dcrclient.Member{{SoftwareID: "s"}}, Directory: Directory{API: "/d"},
		Others: map[string]Papers{"far": {
			Registration: "/far", Audience: "far aud", APIs: []API{{URL: "/far api"}}, TPPs: []dcrclient.Member{{SoftwareID: "f"}}, Directory: Directory{API: "/f"},
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
	first := Gateway{Registrations: map[string]string{"one": "/one"}, Routes: "routes.yaml"}
	second := Gateway{Routes: "routes-2.yaml", Token: "/token"}
	w := &World{Profile: "one", Gateway: first, Others: map[string]Papers{"far": {Audience: "a"}}, Fleet: []Gateway{first, second}}
	text, err := json.Marshal(w)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, Name), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(dir)
	if err != nil || !reflect.DeepEqual(got, w) {
		t.Errorf("%+v, want %+v (%v)", got, w, err)
	}
	if got := w.At(2); got.Token != "/token" || got.Profile != "one" || w.Token != "" {
		t.Errorf("at the second gateway: %+v", got)
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil || members["routes"] != "routes.yaml" || members["routes-2"] != "routes-2.yaml" {
		t.Errorf("routes are %v and %v (%v)", members["routes"], members["routes-2"], err)
	}
}
