package trust_test

import (
	"encoding/json"
	"os"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// TestEarlierAuthority: a record of the build before does not say which authority gave the number, so that its client's
// QWAC would not be bound any more. The statement in it does.
func TestEarlierAuthority(t *testing.T) {
	text, err := os.ReadFile("../store/testdata/record-uk-tls.json")
	if err != nil {
		t.Fatal(err)
	}
	var kept struct {
		Record []byte `json:"record"`
	}
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	record := &dcrpb.Client{}
	if err := proto.Unmarshal(kept.Record, record); err != nil {
		t.Fatal(err)
	}
	record.Software = &dcr.Software{Directory: "openbanking-uk", AuthorisationNumber: "123456"}
	uk, err := directory.Shipped("openbanking-uk")
	if err != nil {
		t.Fatal(err)
	}
	used := trust.Directories{uk.Name: {Directory: uk}}
	if of := used.Software(record); of.GetAuthority() != "GB-FCA" || of.GetAuthorisationNumber() != "123456" {
		t.Errorf("got %v", of)
	}
	for name, change := range map[string]func(*dcrpb.Client){
		"of a directory that is gone": func(c *dcrpb.Client) { c.Software.Directory = "gone" },
		"without a number":            func(c *dcrpb.Client) { c.Software.AuthorisationNumber = "" },
		"without a statement":         func(c *dcrpb.Client) { c.SoftwareStatement = "" },
	} {
		changed := proto.CloneOf(record)
		change(changed)
		if of := used.Software(changed); of.GetAuthority() != "" || !proto.Equal(of, changed.GetSoftware()) {
			t.Errorf("%s: got %v", name, of)
		}
	}
}
