package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// register stores a new client (RFC 7591, section 3; OBIE DCR, POST /register).
func (e *edition) register(ctx context.Context, r *request) (answer, error) {
	asked, err := e.registration(r)
	if err != nil {
		return answer{}, err
	}
	record, err := newClient(r, asked)
	if err != nil {
		return answer{}, err
	}
	record.Id = e.parts.Store.NewClientID(record.GetSoftware())
	record.IssuedAt = record.GetUpdatedAt()
	document, err := record.document(r.profile)
	if err != nil {
		return answer{}, err
	}
	unique, jtis := r.profile.Clients.Duplicates != dcr.AllowDuplicates, r.facts.GetUsedJtis()
	if r.tried() {
		err = e.parts.Store.MayCreate(ctx, record.Client, jtis, unique)
	} else {
		err = e.parts.Store.Create(ctx, record.Client, jtis, unique)
	}
	switch {
	case errors.Is(err, store.ErrDuplicate) && r.profile.Clients.Duplicates == dcr.ReturnExisting:
		return e.existing(ctx, r, asked.Statement)
	case err != nil:
		return answer{}, refuseWrite(err, jtis)
	case r.tried():
		return wouldBe(document)
	}
	return e.registered(r, record.GetId(), document)
}

func (e *edition) registered(r *request, id string, document strictjson.Object) (answer, error) {
	created, err := secretObject(http.StatusCreated, document)
	if err != nil {
		return answer{}, err
	}
	r.line.registered = id
	created.header.Set("Location", strings.TrimSuffix(e.version.File.URL(r.route), "/")+"/"+id)
	return created, nil
}

// errGone means that the software product's client was deleted while it registered. It may try again.
var errGone = errors.New("the client of the software product was deleted meanwhile")

// existing answers with the client that the software product already has, for a TPP that never received the answer to
// its registration. The request is newly signed by the same software product, which proves that the caller is the
// client. existing checks that the organisation is still the same.
func (e *edition) existing(ctx context.Context, r *request, statement *dcr.Statement) (answer, error) {
	jtis := r.facts.GetUsedJtis()
	if r.tried() {
		jtis = nil // MayCreate has checked them, and a dry run uses none
	}
	id, err := e.parts.Store.Existing(ctx, statement.Software, jtis)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return answer{}, errGone
	case err != nil:
		return answer{}, refuseWrite(err, jtis)
	}
	record, err := e.parts.Store.Client(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return answer{}, errGone
	case err != nil:
		return answer{}, fmt.Errorf("record of the client: %w", err)
	}
	if record.GetSoftware().GetOrgId() != statement.Software.OrgId || record.GetState() != dcrpb.Client_ACTIVE {
		return answer{}, refuseWrite(store.ErrDuplicate, nil)
	}
	if _, err := e.orphans.Profile(e.version, record); err != nil {
		return answer{}, err
	}
	document, err := storedDocument(record, r.profile)
	if err != nil {
		return answer{}, err
	}
	if r.tried() {
		return wouldBe(document)
	}
	return e.registered(r, id, document)
}

// refuseWrite says why a registration or an update was not stored.
func refuseWrite(err error, jtis []*dcrpb.UsedJTI) error {
	replay, replayed := errors.AsType[*store.ReplayError](err)
	switch {
	// "jti ... Used to prevent reuse of the SSA" (Consumer Data Standards, Software Statement Assertion)
	case replayed && replay.Index < len(jtis) && jtis[replay.Index].GetPurpose() == "statement":
		return dcr.RefuseStatement("statement.replay").CausedBy(err)
	case replayed:
		return dcr.Refuse("jti.replay", "request").At("/jti").CausedBy(err)
	// "ASPSPs can choose to allow multiple registrations for a given software statement." (OBIE DCR, Data Dictionary)
	case errors.Is(err, store.ErrDuplicate):
		return dcr.RefuseStatement("software.duplicate").CausedBy(err)
	case errors.Is(err, store.ErrNotFound):
		return refuseUnknown(err)
	}
	return fmt.Errorf("storing a client: %w", err)
}

// "If the ClientId is unknown, the ASPSP responds with an Unauthorized status code and immediately revokes the access
// token." (OBIE DCR) The client existed when the gate checked; it was deleted since, and its tokens with it.
func refuseUnknown(cause error) *dcr.Error {
	return dcr.Refuse("client.unknown").CausedBy(cause)
}
