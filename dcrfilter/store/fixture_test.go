package store

import (
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

func newClient(s *Store, softwareID string) *dcrpb.Client {
	return &dcrpb.Client{
		Id: s.NewClientID(obie(softwareID)), State: dcrpb.Client_ACTIVE, IssuedAt: 1700000000, Profile: "obie-3.3",
		Software: obie(softwareID), GrantTypes: []string{"client_credentials"},
		Metadata: []byte(`{"client_name":"` + strings.Repeat("x", 500) + `"}`), SoftwareStatement: strings.Repeat("s", 2000),
	}
}

func obie(softwareID string) *dcrpb.Software {
	return &dcrpb.Software{Directory: "obie", Id: softwareID, OrgId: "org"}
}

// softwareElsewhere is a software that is in another shard than "software".
func softwareElsewhere(s *Store) string {
	other := "x"
	for s.softwareShard(obie(other)) == s.softwareShard(obie("software")) {
		other += "x"
	}
	return other
}

func wantStored(t *testing.T, s *Store, want *dcrpb.Client, version, generation uint64) {
	t.Helper()
	got, err := s.Client(t.Context(), want.Id)
	must(t, err)
	if !proto.Equal(got, want) || got.Version != version || got.Generation != generation {
		t.Errorf("stored: %v\nwant: %v, version %d, generation %d", got, want, version, generation)
	}
}

// wantOne wants one success, and one refusal for all others.
func wantOne(t *testing.T, errs []error, refusal error) {
	t.Helper()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
		} else if !errors.Is(err, refusal) {
			t.Errorf("got %v, want %v", err, refusal)
		}
	}
	if done != 1 {
		t.Errorf("%d of %d succeeded, want one", done, len(errs))
	}
}

// parallel does a thing many times at once.
func parallel(n int, do func() error) []error {
	errs := make([]error, n)
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-begin
			errs[i] = do()
		})
	}
	close(begin)
	all.Wait()
	return errs
}

func marshal(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	must(t, err)
	return b
}

func inAnHour() time.Time { return time.Now().Add(time.Hour) }

// freshJTI is one fresh jti.
func freshJTI(purpose string) []*dcrpb.UsedJTI {
	return []*dcrpb.UsedJTI{{Purpose: purpose, Id: rand.Text(), Exp: uint32(inAnHour().Unix())}}
}
