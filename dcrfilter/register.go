package dcrfilter

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
)

// register stores a new client (RFC 7591, section 3; OBIE DCR, POST /register).
func (g *Registry) register(ctx context.Context, r *request) (answer, error) {
	asked, err := g.registration(r)
	if err != nil {
		return answer{}, err
	}
	record, err := newRecord(r, asked)
	if err != nil {
		return answer{}, err
	}
	record.Id = g.parts.Store.NewClientID(record.GetDirectory(), record.GetSoftwareId())
	record.IssuedAt = record.GetUpdatedAt()
	body, err := document(r, record)
	if err != nil {
		return answer{}, err
	}
	if r.tried() {
		if err := g.parts.Store.MayCreate(ctx, record, r.facts.GetNonces(), !asked.Directory.MultipleClients); err != nil {
			return answer{}, refuseWrite(err)
		}
		return wouldBe(body)
	}
	if err := g.parts.Store.Create(ctx, record, r.facts.GetNonces(), !asked.Directory.MultipleClients); err != nil {
		return answer{}, refuseWrite(err)
	}
	r.line.created = record.GetId()
	created := secret(http.StatusCreated, body)
	created.header.Set("Location", r.route.URL+"/"+record.GetId())
	return created, nil
}

// refuseWrite says why a registration or an update was not stored.
func refuseWrite(err error) error {
	switch {
	case errors.Is(err, store.ErrReplayed):
		return dcr.Refuse(dcr.InvalidClientMetadata, "jti.replay", "the jti of the request was used before").
			At("/jti").Per("RFC 7519, section 4.1.7").CausedBy(err)
	// "ASPSPs can choose to allow multiple registrations for a given software statement." (OBIE DCR, Data Dictionary)
	case errors.Is(err, store.ErrDuplicate):
		return dcr.Refuse(dcr.InvalidSoftwareStatement, "software.duplicate", "the software has a client here already; update or delete that one").
			At("/software_statement").Per("OBIE DCR, Data Dictionary, software_id").CausedBy(err)
	case errors.Is(err, store.ErrNotFound):
		return refuseUnknown(err)
	}
	return fmt.Errorf("storing a client: %w", err)
}

// "If the ClientId is unknown, the ASPSP responds with an Unauthorized status code and immediately revokes the access
// token." (OBIE DCR) The client was there when the gate looked; it has gone since, and its tokens with it.
func refuseUnknown(cause error) *dcr.Error {
	return dcr.Refuse(dcr.InvalidToken, "client.unknown",
		"the access token is expired, revoked, malformed, or not bound to this client and certificate").
		Per("RFC 7592, section 2.1").CausedBy(cause)
}
