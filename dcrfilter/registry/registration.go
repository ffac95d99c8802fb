package registry

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	requests "github.com/dcr-gateway/dcr-gateway/dcrfilter/request"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// registration reads what the request asks for. The gate has checked its signatures, rules and certificate; the facts
// say that they are valid for exactly this body.
func (e *edition) registration(r *request) (*dcr.Asked, error) {
	proved := r.facts.GetRegistration()
	from := e.version.Directory(proved.GetSoftware().GetDirectory())
	if from == nil || proved.GetProfile() != r.profile.Name || r.facts.GetCertificate().GetThumbprint() == "" {
		return nil, dcr.Refuse("facts.registration").CausedBy(errors.New("the facts prove no registration of this route's profile"))
	}
	e.of(r.line, r.profile.Name, proved.GetSoftware())
	asked, err := requests.Verified(r.profile, from.Directory, r.body)
	if err != nil {
		return nil, err
	}
	if of, is := asked.Statement.Software, proved.GetSoftware(); of.Id != is.GetId() || of.OrgId != is.GetOrgId() {
		return nil, dcr.Refuse("facts.registration").CausedBy(errors.New("the facts are about another software product"))
	}
	return asked, nil
}

// A client is a record with its JSON members, parsed once.
type client struct {
	*dcrpb.Client
	metadata, claims strictjson.Object // of Metadata and of SoftwareStatement
}

// newClient returns the record for a registration, without what only the registry assigns: id, times, version and
// generation.
func newClient(r *request, asked *dcr.Asked) (client, error) {
	registered, err := rule.Registered(asked)
	if err != nil {
		return client{}, err
	}
	document, err := rule.Encode(registered)
	if err != nil {
		return client{}, fmt.Errorf("writing client metadata: %w", err)
	}
	statement, certificate := asked.Statement, r.facts.GetCertificate()
	if err := token.CheckRoles(statement.Software.Roles); err != nil {
		return client{}, dcr.RefuseStatement("statement.roles.form").CausedBy(err)
	}
	record := &dcrpb.Client{
		State: dcrpb.Client_ACTIVE, UpdatedAt: r.now.Unix(),
		Profile: asked.Profile.Name, Software: statement.Software,
		CertificateType: certificate.GetType(), RegistrationThumbprint: certificate.GetThumbprint(),
		Metadata: document, SoftwareStatement: statement.Raw,
	}
	return client{record, registered, statement.Claims}, copyMetadata(record, registered)
}

// storedDocument returns the answer about a stored client in the form of the route's profile.
func storedDocument(record *dcrpb.Client, p *dcr.Profile) (strictjson.Object, error) {
	metadata, err := strictjson.Parse(record.GetMetadata())
	if err != nil {
		return nil, fmt.Errorf("metadata of a record: %w", err)
	}
	claims, err := requests.VerifiedStatement(record.GetSoftwareStatement())
	if err != nil {
		return nil, fmt.Errorf("software statement of a record: %w", err)
	}
	return client{record, metadata, claims}.document(p)
}

// document returns the answer about the client in the form of the route's profile.
func (c client) document(p *dcr.Profile) (strictjson.Object, error) {
	return rule.Answer(p, rule.Client{
		ID: c.GetId(), IssuedAt: c.GetIssuedAt(), Metadata: c.metadata, Statement: c.GetSoftwareStatement(), Claims: c.claims,
	})
}

// copyMetadata copies the metadata that the gate and the token endpoint need into the record's own fields.
func copyMetadata(record *dcrpb.Client, registered strictjson.Object) error {
	var scope string
	for name, target := range map[string]*string{
		"token_endpoint_auth_method":      &record.TokenEndpointAuthMethod,
		"token_endpoint_auth_signing_alg": &record.TokenEndpointAuthSigningAlg,
		"tls_client_auth_subject_dn":      &record.TlsClientAuthSubjectDn,
		"scope":                           &scope,
	} {
		value, err := registered.String(name)
		if errors.Is(err, strictjson.ErrMissing) {
			continue
		}
		if err != nil {
			return fmt.Errorf("client metadata: %w", err)
		}
		*target = value
	}
	record.Scopes = strings.Fields(scope)
	grants, err := registered.Strings("grant_types")
	if err != nil {
		return fmt.Errorf("client metadata: %w", err)
	}
	record.GrantTypes = grants
	return nil
}
