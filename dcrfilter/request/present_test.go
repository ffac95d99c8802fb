package request

import (
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
)

// A member that is null is one that was left out.
func TestNullIsAbsent(t *testing.T) {
	p, err := profile.Load("is-json")
	if err != nil {
		t.Fatal(err)
	}
	read, err := Read(p, []byte(`{"jwks_uri":null,"scope":"openid","client_name":""}`))
	if err != nil || read.Claims.Has("jwks_uri") || !read.Claims.Has("client_name") || len(read.Claims) != 2 {
		t.Errorf("got %v, %v", read, err)
	}
}
