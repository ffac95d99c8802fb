package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
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
	case errors.Is(err, store.ErrDuplicate):
		return e.existing(ctx, r, record)
	case err != nil:
		return answer{}, refuseWrite(err, jtis)
	case r.tried():
		return r.wouldBe(document)
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
// client.
func (e *edition) existing(ctx context.Context, r *request, asked client) (answer, error) {
	id, err := e.parts.Store.Existing(ctx, asked.GetSoftware())
	if err == nil {
		var record *dcrpb.Client
		if record, err = e.parts.Store.Client(ctx, id); err == nil {
			err = e.mayReturn(ctx, r, record, asked)
		}
		if err == nil {
			return e.returned(ctx, r, record)
		}
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return answer{}, errGone
	case errors.Is(err, store.ErrDuplicate):
		return answer{}, refuseWrite(err, nil)
	}
	return answer{}, err
}

// mayReturn decides whether the request may be answered with the client that is there. It must be of the same
// organisation, authenticate as the request asks, and be protected no better than by the request. Where duplicates are
// rejected, it must also be what the request asks for, and never have been given a token: its owner did not receive its
// 201. Its error is store.ErrDuplicate or a refusal.
func (e *edition) mayReturn(ctx context.Context, r *request, record *dcrpb.Client, asked client) error {
	own, err := e.orphans.Profile(e.version, record)
	if err != nil {
		return err
	}
	returned := r.profile.Clients.Duplicates == dcr.ReturnExisting
	switch same := rule.SameAuthentication(record, asked.Client); {
	case record.GetSoftware().GetOrgId() != asked.GetSoftware().GetOrgId(), record.GetState() != dcrpb.Client_ACTIVE:
		return store.ErrDuplicate
	case !same && returned:
		return dcr.RefuseStatement("software.authentication")
	case !same, rule.CheckUpdate(own, r.profile, asked.GetTokenEndpointAuthMethod()) != nil:
		return store.ErrDuplicate
	case returned:
		return nil
	}
	metadata, err := strictjson.Parse(record.GetMetadata())
	if err != nil {
		return fmt.Errorf("metadata of a record: %w", err)
	}
	granted, err := e.parts.Store.Granted(ctx, record.GetId())
	if err == nil && (granted || record.GetVersion() > 1 || own != r.profile || !rule.SameMetadata(metadata, asked.metadata)) {
		return store.ErrDuplicate
	}
	return err
}

// returned answers with a client that was registered before. The request counts once, as any other.
func (e *edition) returned(ctx context.Context, r *request, record *dcrpb.Client) (answer, error) {
	document, err := storedDocument(record, r.profile)
	switch {
	case err != nil:
		return answer{}, err
	case r.tried(): // MayCreate has checked the jtis, and a dry run uses none
		return r.wouldBe(document)
	}
	jtis := r.facts.GetUsedJtis()
	if err := e.parts.Store.Burn(ctx, record.GetId(), jtis); err != nil {
		return answer{}, refuseWrite(err, jtis)
	}
	r.line.outcome = outcomeUnchanged
	return e.registered(r, record.GetId(), document)
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
	case errors.Is(err, store.ErrUnknown):
		return dcr.Join(dcr.Refuse("registration.unknown").CausedBy(err), dcr.Refuse("store.unavailable"))
	}
	return fmt.Errorf("storing a client: %w", err)
}

// "If the ClientId is unknown, the ASPSP responds with an Unauthorized status code and immediately revokes the access
// token." (OBIE DCR) The client existed when the gate checked; it was deleted since, and its tokens with it.
func refuseUnknown(cause error) *dcr.Error {
	return dcr.Refuse("client.unknown").CausedBy(cause)
}
