package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// updateAttempts is how many times an update is attempted if other writers are faster.
const updateAttempts = 3

// read answers with a client's registration (RFC 7592, section 2.1).
func (e *edition) read(ctx context.Context, r *request) (answer, error) {
	record, _, err := e.owned(ctx, r)
	if err != nil {
		return answer{}, err
	}
	document, err := storedDocument(record, r.profile)
	if err != nil {
		return answer{}, err
	}
	return secretObject(http.StatusOK, document)
}

// update replaces a client's registration: "Valid values of client metadata fields in this request MUST replace, not
// augment, the values previously associated with this client." (RFC 7592, section 2.2) On any refusal the client stays
// as it was.
func (e *edition) update(ctx context.Context, r *request) (answer, error) {
	asked, err := e.registration(r)
	if err != nil {
		return answer{}, err
	}
	record, err := newClient(r, asked)
	if err != nil {
		return answer{}, err
	}
	for range updateAttempts {
		if err = e.replace(ctx, r, record.Client); !errors.Is(err, store.ErrConflict) {
			break
		}
	}
	if err != nil {
		return answer{}, refuseWrite(err, r.facts.GetUsedJtis())
	}
	document, err := record.document(r.profile)
	if err != nil {
		return answer{}, err
	}
	updated, err := secretObject(http.StatusOK, document)
	if err != nil {
		return answer{}, err
	}
	if r.tried() {
		updated.header.Set(preferenceApplied, dryRun)
		r.line.outcome = outcomeDryRun
	}
	return updated, nil
}

// replace stores the new record in place of the client's current one.
func (e *edition) replace(ctx context.Context, r *request, record *dcrpb.Client) error {
	current, own, err := e.owned(ctx, r)
	if err != nil {
		return err
	}
	if err := rule.CheckUpdate(own, r.profile, record.GetTokenEndpointAuthMethod()); err != nil {
		return err
	}
	// An update moves the client to the profile of the path, unless that one protects it less.
	if !r.profile.Protects(own) {
		record.Profile = own.Name
	}
	if is, was := record.GetSoftware(), current.GetSoftware(); is.GetDirectory() != was.GetDirectory() || is.GetId() != was.GetId() || is.GetOrgId() != was.GetOrgId() {
		return dcr.RefuseStatement("immutable.software")
	}
	record.Id, record.IssuedAt = current.GetId(), current.GetIssuedAt()
	record.Version, record.Generation = current.GetVersion(), current.GetGeneration()
	if rule.EndsTokens(current, record) {
		record.Generation++
	}
	if r.tried() {
		return e.parts.Store.MayUpdate(ctx, record, r.facts.GetUsedJtis())
	}
	return e.parts.Store.Update(ctx, record, r.facts.GetUsedJtis())
}

// remove deletes a client: "the ASPSP must delete the client and invalidate long lived access tokens that were issued
// to the client" (OBIE DCR, DELETE). Without a record none of its tokens is valid.
func (e *edition) remove(ctx context.Context, r *request) (answer, error) {
	record, _, err := e.owned(ctx, r)
	if err != nil {
		return answer{}, err
	}
	err = e.parts.Store.Delete(ctx, record.GetId())
	if errors.Is(err, store.ErrNotFound) {
		return answer{}, refuseUnknown(err)
	}
	if err != nil {
		return answer{}, fmt.Errorf("deleting a client: %w", err)
	}
	return secret(http.StatusNoContent, nil), nil
}

// owned reads the record of the client that owns the access token, and the profile that it names. The gate has asked
// whether the token may manage this client; owned asks again, because another update may have been faster.
func (e *edition) owned(ctx context.Context, r *request) (*dcrpb.Client, *dcr.Profile, error) {
	id, err := r.owner()
	if err != nil {
		return nil, nil, err
	}
	record, err := e.parts.Store.Client(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil, refuseUnknown(err)
	case err != nil:
		return nil, nil, fmt.Errorf("record of the client: %w", err)
	case record.GetState() != dcrpb.Client_ACTIVE:
		return nil, nil, refuseUnknown(errors.New("the client is suspended"))
	}
	e.of(r.line, record.GetProfile(), record.GetSoftware())
	own, err := e.orphans.Profile(e.version, record)
	if err != nil {
		return nil, nil, err
	}
	return record, own, rule.CheckManagement(own, r.facts.GetClient().GetScopes())
}

// owner returns the id of the client whose token the request carried. It is also the client in the path: the reader
// requires the check owner on every route that manages a client, and that check compared the two.
func (r *request) owner() (string, error) {
	proved := r.facts.GetClient()
	if proved.GetId() == "" || proved.GetTokenId() == "" {
		return "", dcr.Refuse("facts.client").CausedBy(errors.New("the facts name no client by its access token"))
	}
	return proved.GetId(), nil
}
